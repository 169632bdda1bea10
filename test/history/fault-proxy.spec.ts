import { afterEach, expect, it } from '@jest/globals';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Server } from 'node:net';
import { eventually } from '../support/eventually.js';
import { FaultProxy } from './fault-proxy.js';
import type { Fault } from './fault-proxy.js';
import { SeededRandom } from './seeded-random.js';

const SENT = '0123456789';

let server: Server;
let proxy: FaultProxy;

afterEach(async () => {
  await proxy.close();
  await new Promise((resolve) => {
    server.close(resolve);
  });
});

/** What a client got through the proxy, and how it ended. */
async function fetchThrough(fault: Fault | undefined): Promise<{ text: string; end: string }> {
  server = createServer((socket) => {
    socket.on('error', () => {});
    socket.write(SENT);
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  proxy = await FaultProxy.start(() => (server.address() as AddressInfo).port, new SeededRandom(1));
  proxy.plan = () => fault;
  const seen = { text: '', end: '' };
  const client = connect({ port: proxy.port, host: '127.0.0.1', allowHalfOpen: true });
  client.on('data', (chunk: Buffer) => (seen.text += chunk.toString()));
  client.on('error', () => {});
  for (const event of ['end', 'close']) client.on(event, () => (seen.end ||= 'end'));
  await eventually(() => seen.end !== '' || seen.text === SENT);
  client.destroy();
  return seen;
}

it('lets a connection pass that no fault is planned for', async () => {
  expect(await fetchThrough(undefined)).toEqual({ text: SENT, end: '' });
});

it.each(['cut', 'half-close', 'reset'] as const)('ends a connection at the byte, by %s', async (type) => {
  expect(await fetchThrough({ type, afterBytes: 4 })).toEqual({ text: '0123', end: 'end' });
  expect(proxy.struck[type]).toBe(1);
});

it.each(['down', 'both', 'up'] as const)('gives out everything in order after a stall (%s)', async (direction) => {
  const seen = await fetchThrough({ type: 'stall', afterBytes: 4, stallMs: 20, direction });
  expect(seen).toEqual({ text: SENT, end: '' });
  expect(proxy.struck.stall).toBe(1);
});
