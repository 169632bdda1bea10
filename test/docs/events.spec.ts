import { afterEach, expect, it } from '@jest/globals';
import { Test } from '@nestjs/testing';
import { PushService } from '../../src/index.js';
import { TEST_SECRET } from '../support/tokens.js';

const environment = process.env;

afterEach(() => {
  process.env = environment;
});

it('runs the module of events.md', async () => {
  process.env = { ...environment, PUSH_JWT_SECRET: TEST_SECRET };
  const { OrderStatus, ShopModule, ShopNews } = await import('./snippets/events.module.js');
  const module = await Test.createTestingModule({ imports: [ShopModule] }).compile();
  const app = await module.createNestApplication().init();
  await app.get(ShopNews).shipped('7', 41);
  await expect(app.get(PushService).toUser('7', OrderStatus, { orderId: 41, status: 'lost' })).rejects.toMatchObject({
    code: 'PUSH_ERR_INVALID_DATA',
    errors: [{ pointer: '/data/status' }],
  });
  await app.close();
});
