/** What a deployment sees of a process that it ends, from the first probe that fails to the exit, over each transport. */
import { fileURLToPath } from 'node:url';
import { afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { DrainingData, Envelope } from '../../src/protocol/frames.js';
import { startNodeProgram } from '../support/child-program.js';
import type { ChildProgram } from '../support/child-program.js';
import { eventually } from '../support/eventually.js';
import { ask } from '../support/http-request.js';
import { PLATFORMS } from '../support/push-app.js';
import { RawClient } from '../support/raw-client.js';
import { SseClient } from '../support/sse-client.js';
import { bearer, signToken } from '../support/tokens.js';
import { WsClient, refusalOf } from '../support/ws-client.js';

const DRAIN_MS = 1_000;
const SCRIPT = fileURLToPath(new URL('../support/programs/deployed-app.mjs', import.meta.url));

let program: ChildProgram | undefined;
beforeAll(async () => {
  const builder = await startNodeProgram([fileURLToPath(new URL('../../scripts/build.mjs', import.meta.url))]);
  expect(await builder.ended).toEqual({ code: 0, signal: null });
}, 120_000);
afterEach(async () => {
  await program?.stop();
});

describe.each(PLATFORMS)('a process that is ended on %s', (platform) => {
  it('fails its probe, turns newcomers away, seats everyone, writes what waits, cuts the rest, and exits', async () => {
    const env = { PLATFORM: platform, PUSH_OPTIONS: JSON.stringify({ drainMs: DRAIN_MS }) };
    program = await startNodeProgram([SCRIPT], { env });
    const [, port, control] = await program.waitForLine(/^listening on (\d+) and (\d+)$/);
    const origin = `http://127.0.0.1:${port}`;
    const tell = (what: string) => ask(`http://127.0.0.1:${control}/${what}`, { method: 'POST' });
    const auth = bearer(signToken());

    const socket = await WsClient.connect(`ws://127.0.0.1:${port}/push/ws`, { token: signToken() });
    await socket.next('push:welcome');
    const stream = await SseClient.open(`${origin}/push/sse`, auth);
    await stream.next('push:welcome');
    const poll = ask(`${origin}/push/poll?wait=25`, { headers: bearer(signToken({ sub: '8' })) });
    const deaf = await RawClient.open(Number(port), 'deaf');
    expect((await ask(`${origin}/health/ready`)).status).toBe(200);

    // 1. Readiness fails first: everyone is still there.
    program.signal('SIGTERM');
    await eventually(async () => (await ask(`${origin}/health/ready`)).status === 503);
    expect([socket.closed, stream.hasEnded, deaf.hasEnded]).toEqual([undefined, false, false]);

    // 2. New handshakes are turned away.
    const refusal = await refusalOf(`ws://127.0.0.1:${port}/push/ws`, { token: signToken() });
    expect([refusal.status, refusal.problem['code'], Number(refusal.headers['retry-after']) > 0]).toEqual([
      503,
      'draining',
      true,
    ]);
    for (const path of ['sse', 'poll?wait=0', 'handshake']) {
      const { status, headers } = await ask(`${origin}/push/${path}`, { headers: auth });
      expect([path, status, Number(headers['retry-after']) > 0]).toEqual([path, 503, true]);
    }
    const page = await SseClient.open(`${origin}/push/sse?ticket=none`);
    expect([page.status, (await page.next('push:draining')).event]).toEqual([200, 'push:draining']);

    // 3. Messages still go out to those who are there.
    await tell('say');
    await socket.next('said');
    await stream.next('said');

    // 4. Each has a seat of its own, behind what waited; who goes along is closed, who does not is cut.
    await tell('say');
    await tell('release');
    expect(await socket.end()).toEqual({ code: 1012, reason: 'restart' });
    expect(socket.frames.map(({ event }) => event)).toEqual(['said', 'push:draining']);
    await stream.end();
    expect(await stream.next('said')).toMatchObject({ event: 'said' });
    const told = JSON.parse((await poll).text) as { readonly messages: readonly Envelope[] };
    expect(told.messages.map(({ event }) => event)).toEqual(['push:draining']);
    const draining = [socket.frames.at(-1), await stream.next('push:draining'), told.messages[0]];
    const seats = draining.map((frame) => (frame?.data as DrainingData | undefined)?.reconnectInMs);
    expect(new Set(seats).size).toBe(3);
    const retry = (await stream.nextBlock()).retry;
    const closing = await stream.next('push:closing');
    expect(closing.data).toMatchObject({ code: 1012, reconnect: true, retryAfterMs: Number(retry) });
    expect(Number(retry)).toBe(seats[1]);
    await deaf.end();

    // 5. It exits by itself.
    expect(await program.ended).toEqual({ code: 0, signal: null });
    expect(program.stdout).toContain('closed');
  });
});
