/** A send that nobody knows the end of, repeated with its idempotency key: over real faults of the way to Redis. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import type { Backing } from '../../src/backing/backing.interface.js';
import { redis } from '../../src/backing/redis/index.js';
import { PUSH_BACKING } from '../../src/push.tokens.js';
import { eventually, eventuallyDefined } from '../support/eventually.js';
import { PushApp } from '../support/push-app.js';
import { redisAbsence, RedisServer } from '../support/redis-server.js';
import { RestClient } from '../support/rest-client.js';
import { TcpProxy } from '../support/tcp-proxy.js';

const absence = redisAbsence();

(absence === '' ? describe : describe.skip)(`a send that is repeated with its key${absence}`, () => {
  let server: RedisServer;
  let way: TcpProxy;
  let node: PushApp;
  let other: PushApp;
  let rest: RestClient;

  const stateOf = ({ app }: PushApp) => app.get<Backing>(PUSH_BACKING).state.status;
  const message = { event: 'note', data: 1 };
  const send = (key: string) => rest.post('/push/users/7', message, { 'idempotency-key': key });
  /** Repeats the send until its end is known. */
  const resolved = (key: string) =>
    eventuallyDefined(
      async () => {
        const answer = await send(key);
        return answer.status === 202 ? (answer.json as { readonly id: string }) : undefined;
      },
      { intervalMs: 100, timeoutMs: 30_000, what: 'the end of the send to be known' },
    );
  /** Ids of the notes that a client has by now, and no more are on their way. */
  const notesOf = async (client: Awaited<ReturnType<PushApp['connect']>>) => {
    const { id: last } = await other.push.toUser('7', 'last');
    await eventually(() => client.frames.some(({ id }) => id === last));
    return client.frames.flatMap(({ event, id }) => (event === 'note' ? [id] : []));
  };

  beforeAll(async () => {
    server = await RedisServer.start();
  });
  afterAll(async () => {
    await server?.stop();
  });
  beforeEach(async () => {
    way = await TcpProxy.before(server.url);
    const keyPrefix = `push-${randomBytes(4).toString('hex')}`;
    node = await PushApp.start({ push: { backing: redis({ url: way.url.replace('http', 'redis'), keyPrefix }) } });
    other = await PushApp.start({ push: { backing: redis({ url: server.url, keyPrefix }) } });
    rest = RestClient.of(node);
    await eventually(() => [node, other].every((each) => stateOf(each) === 'up'));
  });
  afterEach(async () => {
    await Promise.all([node.close(), other.close()]);
    await way.close();
  });

  it('is taken once when Redis stood still, and the repeat gets its receipt', async () => {
    const client = await other.connect('7');
    // The key is claimed, and then nothing answers any more.
    const { idempotency } = node.app.get<Backing>(PUSH_BACKING);
    const begin = idempotency.begin.bind(idempotency);
    idempotency.begin = async (request) => {
      const verdict = await begin(request);
      idempotency.begin = begin;
      server.freeze();
      return verdict;
    };
    const first = await send('frozen');
    server.thaw();
    expect(first.status).toBe(504);
    const { id } = await resolved('frozen');
    expect(await notesOf(client)).toEqual([id]);
    const again = await send('frozen');
    expect([again.status, again.json]).toMatchObject([202, { id }]);
    expect(await notesOf(client)).toEqual([id]);
  });

  it('is taken once when its answer was lost, and the repeat gets its receipt', async () => {
    const client = await other.connect('7');
    const outcomes = new Set<number>();
    for (let round = 0; round < 5; round++) {
      const key = `cut ${round}`;
      const sent = send(key);
      // Somewhere between the claim of the key and the answer.
      await new Promise((resolve) => setTimeout(resolve, round));
      way.breakDown();
      outcomes.add((await sent).status);
      way.repair();
      await eventually(() => stateOf(node) === 'up');
      const { id } = await resolved(key);
      const notes = await notesOf(client);
      expect(notes.filter((each) => each === id)).toHaveLength(1);
      expect(notes).toHaveLength(round + 1);
    }
    expect([...outcomes].every((status) => [202, 503, 504].includes(status))).toBe(true);
  });
});
