/**
 * What the page takes of the events that it reads members of. Whoever may send can send anything by these names: what does
 * not fit is left out, before any part of the page sees it.
 */
const isText = (value) => typeof value === 'string';
const isAbsentOr = (fits, value) => value === undefined || fits(value);
const isWord = (value) => isText(value) && value.length >= 1 && value.length <= 64;

const SHAPES = {
  'order.status': ({ orderId, status, item }) =>
    (Number.isSafeInteger(orderId) || isWord(orderId)) && isWord(status) && isAbsentOr(isText, item),
  'room.message': ({ room, text, mark }) => isText(text) && isAbsentOr(isText, room) && isAbsentOr(isText, mark),
  'chat.typing': ({ room, user }) => isText(room) && isText(user),
};

/** Whether the data is what is sent by this name; the data of any other event may be anything. */
export function fits(event, data) {
  if (!Object.hasOwn(SHAPES, event)) return true;
  return typeof data === 'object' && data !== null && SHAPES[event](data);
}
