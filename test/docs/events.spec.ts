import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, it } from '@jest/globals';
import type { OpenAPIObject } from '@nestjs/swagger';
import { Test } from '@nestjs/testing';
import { PushService } from '../../src/index.js';
import { ask } from '../support/http-request.js';
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

it('writes the documents of events.md', async () => {
  process.env = { ...environment, PUSH_JWT_SECRET: TEST_SECRET };
  const { ShopModule } = await import('./snippets/events.module.js');
  const { describe } = await import('./snippets/documents.js');
  const folder = await mkdtemp(join(tmpdir(), 'documents-'));
  const module = await Test.createTestingModule({ imports: [ShopModule] }).compile();
  const app = module.createNestApplication();
  try {
    await describe(app, join(folder, 'asyncapi.json'));
    await app.listen(0, '127.0.0.1');
    const { text } = await ask(`${await app.getUrl()}/docs-json`);
    expect(Object.keys((JSON.parse(text) as OpenAPIObject).components?.schemas ?? {})).toContain('event.order.status');
    const written = JSON.parse(await readFile(join(folder, 'asyncapi.json'), 'utf8')) as object;
    expect(written).toMatchObject({ components: { schemas: { 'chat.message': { type: 'object' } } } });
  } finally {
    await app.close();
    await rm(folder, { recursive: true });
  }
});
