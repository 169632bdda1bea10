import { expect, it } from '@jest/globals';
import { Test } from '@nestjs/testing';
import { PushRecorder, PushTestingModule } from 'nestjs-push/testing';
import { OrdersService } from './orders.service.js';

it('tells every device of the customer, and nobody else', async () => {
  const module = await Test.createTestingModule({
    imports: [PushTestingModule.forRoot()],
    providers: [OrdersService],
  }).compile();
  const push = module.get(PushRecorder);
  const [phone, laptop, stranger] = [push.connect('7'), push.connect('7'), push.connect('8')];

  await module.get(OrdersService).ship(41, '7');

  expect(push.sent).toMatchObject([{ target: { users: ['7'] }, event: 'order.status' }]);
  expect(phone.received('order.status')).toEqual([{ orderId: 41, status: 'shipped' }]);
  expect(laptop.received('order.status')).toEqual([{ orderId: 41, status: 'shipped' }]);
  expect(stranger.messages).toEqual([]);
  await module.close();
});
