import { afterEach, expect, it } from '@jest/globals';
import { Test } from '@nestjs/testing';
import { PushService } from '../../src/index.js';
import { TEST_SECRET } from '../support/tokens.js';

const environment = process.env;

afterEach(() => {
  process.env = environment;
});

it('runs the module of slow-readers.md', async () => {
  process.env = { ...environment, PUSH_JWT_SECRET: TEST_SECRET };
  const { PricesModule, PriceTick } = await import('./snippets/slow-readers.module.js');
  const module = await Test.createTestingModule({ imports: [PricesModule] }).compile();
  const app = await module.createNestApplication().init();
  const tick = Object.assign(new PriceTick(), { symbol: 'A', price: 1 });
  const receipt = await app.get(PushService).toGroup('prices', 'price.tick', tick, { collapseKey: tick.symbol });
  expect(receipt).toMatchObject({ matched: { connections: 0 }, written: 0 });
  await app.close();
});
