import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { ERROR_CODES } from '../../../src/protocol/error-codes.js';
import { eventually } from '../../support/eventually.js';
import { ask } from '../../support/http-request.js';
import type { HttpAnswer } from '../../support/http-request.js';
import { PLATFORMS } from '../../support/push-app.js';
import { bearer, signToken } from '../../support/tokens.js';
import { WsClient } from '../../support/ws-client.js';
import { doorAttack } from './door-grammar.js';
import { frameText } from './frame-grammar.js';
import { fuzzSeconds, fuzzSeed, fuzzTimeoutMs } from './fuzz-settings.js';
import { FuzzTarget } from './fuzz-target.js';
import { restAttack } from './rest-grammar.js';
import { tokenAttack } from './token-grammar.js';

/** Close codes with which a client that misbehaves may be met. */
const DESERVED_CLOSES = [4003, 4500, 4503, 1009];
const KINDS = 5;

describe.each(PLATFORMS)('what is nearly right, on %s', (platform) => {
  let target: FuzzTarget;
  let socket: WsClient | undefined;

  beforeAll(async () => {
    // The bucket for frames has tests of its own; here it would hide what lies behind it.
    target = await FuzzTarget.start(platform, { maxFramesPerSecond: 1_000_000, maxPerUser: 1_000 });
  });
  afterAll(() => target.stop());

  /** Tries attacks until the time is over; a failure is shrunk, and tells its seed and path. */
  async function attack<Attack>(
    what: string,
    arbitrary: fc.Arbitrary<Attack>,
    attempt: (one: Attack) => Promise<void>,
  ): Promise<void> {
    let tried = 0;
    let underWay: Promise<void> = Promise.resolve();
    const property = fc.asyncProperty(arbitrary, (one) => {
      tried++;
      return (underWay = attempt(one));
    });
    const path = process.env['FUZZ_PATH'];
    await fc.assert(property, {
      seed: fuzzSeed(`${what} on ${platform}`),
      ...(path !== undefined && { path }),
      numRuns: Number.MAX_SAFE_INTEGER,
      interruptAfterTimeLimit: (fuzzSeconds * 1000) / KINDS,
      markInterruptAsFailure: false,
    });
    process.stderr.write(`${what} on ${platform}: ${tried} tried\n`);
    expect(tried).toBeGreaterThan(0);
    // One that the end of the time has overtaken goes on, and may connect anew.
    await underWay;
    await socket?.close();
    socket = undefined;
    await target.expectClean();
  }

  function expectOrderly({ status, headers, text }: HttpAnswer): void {
    expect([status, text]).not.toEqual([500, expect.anything()]);
    expect(text).not.toMatch(/node_modules|at [\w.<>]+ \(|\.ts:\d|\.js:\d/);
    const isProblem = headers['content-type']?.startsWith('application/problem+json') === true;
    if (isProblem) expect(JSON.parse(text)).toMatchObject({ status, statusCode: status, type: 'about:blank' });
  }

  it(
    'is answered frame by frame over WebSocket, whatever it is',
    () =>
      attack('frames', frameText, async (text) => {
        if (!socket || socket.closed) {
          socket = await WsClient.connect(`${target.origin.replace('http', 'ws')}/push/ws`, {
            token: signToken({ sub: 'attacker' }),
          });
        }
        socket.frames.length = 0;
        socket.socket.send(text);
        socket.socket.send('{"event":"push:ping","ref":"the end of one attack"}');
        const isEnd = ({ ref }: { readonly ref?: string }) => ref === 'the end of one attack';
        const current = socket;
        await eventually(() => current.closed !== undefined || current.frames.some(isEnd), { intervalMs: 0 });
        if (current.closed) expect(DESERVED_CLOSES).toContain(current.closed.code);
        const answers = current.frames.filter((frame) => !isEnd(frame));
        const replies = answers.filter(({ event }) => event.startsWith('push:'));
        // Handlers without a ref may say nothing; everything else is answered once.
        expect(replies.length).toBeLessThanOrEqual(2);
        if (!current.closed && !text.includes('"echo"')) expect(answers.length).toBeGreaterThan(0);
        for (const { event, data } of replies) {
          if (event !== 'push:error') continue;
          const { code } = data as { readonly code: string };
          expect(Object.keys(ERROR_CODES)).toContain(code);
          expect(code).not.toBe('internal');
        }
      }),
    fuzzTimeoutMs,
  );

  it(
    'is answered with its status by POST, whatever it is',
    () =>
      attack('frames by POST', frameText, async (body) => {
        const headers = { ...bearer(signToken({ sub: 'attacker' })), 'content-type': 'application/json' };
        const answer = await ask(`${target.origin}/push/upstream`, { method: 'POST', headers, body });
        expectOrderly(answer);
        expect([200, 400, 403, 404, 409, 413, 429]).toContain(answer.status);
      }),
    fuzzTimeoutMs,
  );

  it(
    'is judged by REST, whatever it is',
    () =>
      attack('requests to REST', restAttack, async ({ method, path, body, headers }) => {
        const scope = 'push:send push:broadcast push:admin';
        // Node itself says no length for a DELETE.
        const length = body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) };
        const all = { ...bearer(signToken({ sub: 'attacker', scope })), ...headers, ...length };
        const answer = await ask(target.origin + path, { method, headers: all, ...(body !== undefined && { body }) });
        expectOrderly(answer);
        expect([200, 202, 204, 400, 404, 409, 413, 414, 415, 422]).toContain(answer.status);
      }),
    fuzzTimeoutMs,
  );

  it(
    'is let in or refused at every door, whatever it is',
    () =>
      attack('handshakes', doorAttack, async ({ path, headers }) => {
        const isStream = path.startsWith('/push/sse');
        const answer = await ask(target.origin + path, { headers, onlyHead: isStream });
        if (!isStream) expectOrderly(answer);
        expect([200, 204, 400, 401, 403, 426]).toContain(answer.status);
        const allowed = answer.headers['access-control-allow-origin'];
        if (allowed !== undefined) expect(allowed).toMatch(/^https:\/\/(a\.)?shop\.example$/i);
      }),
    fuzzTimeoutMs,
  );

  it(
    'is no token unless it was signed',
    () =>
      attack('tokens', tokenAttack, async ({ token, isForged }) => {
        const answer = await ask(`${target.origin}/push/handshake`, { headers: { authorization: `Bearer ${token}` } });
        expectOrderly(answer);
        expect(isForged ? [401] : [204, 401]).toContain(answer.status);
      }),
    fuzzTimeoutMs,
  );
});
