import { RoomTyping, roomMessage } from './chat/room.events.js';
import { TypingDto } from './chat/typing.gateway.js';
import { Announcement, GroupMessage, Message } from './operations/notices.events.js';
import { orderStatus } from './orders/order.events.js';
import { PlaceOrderDto } from './orders/orders.gateway.js';

/** The events of the shop: what is judged, and what `/docs` and `/asyncapi.json` say. */
export const EVENTS = [
  orderStatus,
  PlaceOrderDto,
  roomMessage,
  RoomTyping,
  TypingDto,
  Announcement,
  Message,
  GroupMessage,
];

/** Those that the metrics count by name. */
export const COUNTED_EVENTS = ['order.status', 'room.message', 'announcement', 'message', 'group.message'];
