import { afterEach, describe, expect, it } from '@jest/globals';
import { PLATFORMS, PushApp } from '../support/push-app.js';
import { problemWith, RestClient } from '../support/rest-client.js';
import type { RestAnswer } from '../support/rest-client.js';

let app: PushApp | undefined;
afterEach(async () => {
  await app?.close();
  app = undefined;
});

const MESSAGE = { event: 'e', data: 1 };

/** What the fields of an answer say: the quota and the window of the policy, what is left and for how long. */
function rateOf({ headers }: RestAnswer): readonly number[] {
  const policy = /^"sends";q=(\d+);w=(\d+)$/.exec(String(headers['ratelimit-policy']));
  const limit = /^"sends";r=(\d+);t=(\d+)$/.exec(String(headers['ratelimit']));
  return [policy?.[1], policy?.[2], limit?.[1], limit?.[2]].map(Number);
}

describe.each(PLATFORMS)('the rate of sends on %s', (platform) => {
  const start = async (maxSendsPerSecond?: number) =>
    (app = await PushApp.start({ platform, push: maxSendsPerSecond === undefined ? {} : { maxSendsPerSecond } }));

  it('is off by default, and then nothing is said of it', async () => {
    const { status, headers } = await RestClient.of(await start()).post('/push/users/7', MESSAGE);
    expect([status, headers['ratelimit'], headers['ratelimit-policy']]).toEqual([202, undefined, undefined]);
  });

  it('is said with every answer to a send, and no other', async () => {
    const rest = RestClient.of(await start(1_000));
    const answer = await rest.post('/push/users/7', MESSAGE);
    expect([answer.status, ...rateOf(answer)]).toEqual([202, 1_000, 1, 999, 1]);
    const bad = await rest.post('/push/users/7', { ...MESSAGE, colour: 'red' });
    expect([bad.status, rateOf(bad)[0]]).toEqual([400, 1_000]);
    expect((await rest.get('/push/stats')).headers['ratelimit']).toBeUndefined();
  });

  it('counts each message of a batch; one past the quota is paid off before the next send', async () => {
    const rest = RestClient.of(await start(10));
    const batch = { messages: Array.from({ length: 200 }, () => ({ ...MESSAGE, target: { users: ['7'] } })) };
    expect((await rest.post('/push/batch', batch)).status).toBe(202);

    const refused = await rest.post('/push/users/7', MESSAGE);
    expect([refused.status, refused.json]).toEqual([429, problemWith({ status: 429, code: 'rate_limited' })]);
    expect(refused.headers['content-type']).toContain('application/problem+json');
    const [quota, , left, seconds = 0] = rateOf(refused);
    expect([quota, left]).toEqual([10, 0]);
    expect(seconds).toBeGreaterThan(5);
    expect(Number(refused.headers['retry-after'])).toBeGreaterThanOrEqual(seconds);
  });

  it('is one of each caller, on all routes that send together', async () => {
    const app = await start(2);
    const [one, two] = [RestClient.of(app, { sub: 'one' }), RestClient.of(app, { sub: 'two' })];
    const batch = { messages: Array.from({ length: 100 }, () => ({ ...MESSAGE, target: { users: ['7'] } })) };
    await one.post('/push/batch', batch);
    const paths = ['/push/broadcast', '/push/users/7', '/push/groups/g'];
    const statuses = await Promise.all(paths.map(async (path) => (await one.post(path, MESSAGE)).status));
    const general = await one.post('/push/messages', { ...MESSAGE, target: { users: ['7'] } });
    expect([...statuses, general.status]).toEqual([429, 429, 429, 429]);
    expect((await two.post('/push/users/7', MESSAGE)).status).toBe(202);
  });
});
