/** Messages to whom a node has only just begun to listen for: none is lost, and none comes from before. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import type { Backing } from '../../src/backing/backing.interface.js';
import { redis } from '../../src/backing/redis/index.js';
import { PUSH_BACKING } from '../../src/push.tokens.js';
import { eventually } from '../support/eventually.js';
import { ask } from '../support/http-request.js';
import { PushApp } from '../support/push-app.js';
import { redisAbsence } from '../support/redis-server.js';
import { TOPOLOGIES } from '../support/redis-topologies.js';
import type { StartTopology, Topology } from '../support/redis-topologies.js';
import { RoomsAuthorizer } from '../support/rooms.authorizer.js';
import { bearer, signToken } from '../support/tokens.js';
import type { WsClient } from '../support/ws-client.js';

const absence = redisAbsence();
const ROUNDS = 12;

const STARTS: readonly (readonly [string, StartTopology])[] = [
  ['one partition', TOPOLOGIES.Redis],
  ['five partitions', TOPOLOGIES['Redis with five partitions']],
  ['five partitions on a Cluster', TOPOLOGIES['Redis Cluster with five partitions']],
];

const eventsOf = ({ frames }: WsClient) =>
  frames.map(({ event }) => event).filter((event) => !event.startsWith('push:'));

(absence === '' ? describe : describe.skip).each(STARTS)(`over %s${absence}`, (_, start) => {
  let topology: Topology;
  let nodes: readonly [PushApp, PushApp, PushApp];

  beforeAll(async () => void (topology = await start()), 60_000);
  afterAll(() => topology?.stop());
  beforeEach(async () => {
    const keyPrefix = `push-${randomBytes(4).toString('hex')}`;
    const startNode = () =>
      PushApp.start({ push: { backing: redis({ ...topology.options, keyPrefix }), authorizer: RoomsAuthorizer } });
    nodes = await Promise.all([startNode(), startNode(), startNode()]);
    await eventually(() => nodes.every(({ app }) => app.get<Backing>(PUSH_BACKING).nodes.nodeCount === 3));
  });
  afterEach(async () => void (await Promise.all(nodes.map((node) => node.close()))));

  it('brings what is sent to a group once a user of another node was added to it', async () => {
    const [first, second, third] = nodes;
    const client = await third.connect('7');
    const expected: string[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      const group = `g${round}`;
      expected.push(`early-${round}`, `late-${round}`);
      // To nobody yet.
      await first.push.toGroup(group, `before-${round}`);
      await first.push.addToGroup('7', group);
      await first.push.toGroup(group, `early-${round}`);
      await second.push.toGroup(group, `late-${round}`);
    }
    await eventually(() => expect(eventsOf(client)).toHaveLength(expected.length));
    expect(eventsOf(client).toSorted()).toEqual(expected.toSorted());
  }, 60_000);

  it('brings it in the way of a message for many too, in order and once', async () => {
    const [first, second, third] = nodes;
    const client = await third.connect('7');
    const expected: string[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      const group = `g${round}`;
      await second.push.addToGroup('7', group);
      for (const [index, target] of [
        { groups: [group, 'others'] },
        { users: ['7'], groups: [group] },
        { all: true as const },
      ].entries()) {
        expected.push(`m-${round}-${index}`);
        await first.push.send({ target, event: `m-${round}-${index}` });
      }
    }
    await eventually(() => expect(eventsOf(client)).toHaveLength(expected.length));
    expect(eventsOf(client)).toEqual(expected);
  }, 60_000);

  it('brings nothing that was sent between a leave and a join', async () => {
    const [first, second, third] = nodes;
    const client = await third.connect('7');
    const bystander = await third.connect('8', { groups: ['room:1'] });
    const expected: string[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      await client.request('push:join', { group: 'room:1' });
      expected.push(`in-${round}`);
      await first.push.toGroup('room:1', `in-${round}`);
      await eventually(() => expect(eventsOf(client)).toContain(`in-${round}`));
      await client.request('push:leave', { group: 'room:1' });
      await second.push.toGroup('room:1', `out-${round}`);
      await eventually(() => expect(eventsOf(bystander)).toContain(`out-${round}`));
    }
    expect(eventsOf(client)).toEqual(expected);
  }, 60_000);

  it('brings the first message ever to a group or a user, when the join was answered or the welcome has come', async () => {
    const [first, , third] = nodes;
    for (let round = 0; round < ROUNDS; round++) {
      const user = `u${round}`;
      const client = await third.connect(user);
      await first.push.toUser(user, 'to-user');
      await client.request('push:join', { group: `room:${round}` });
      await first.push.toGroup(`room:${round}`, 'to-group');
      await eventually(() => expect(eventsOf(client)).toEqual(['to-user', 'to-group']));
    }
  }, 60_000);

  it('brings a user who comes while messages flow all that was sent after the welcome, in order and once', async () => {
    const [first, second, third] = nodes;
    for (let round = 0; round < ROUNDS; round++) {
      const user = `u${round}`;
      let sent = 0;
      let isOn = true;
      const flow = async (node: PushApp) => {
        while (isOn) {
          await node.push.toUser(user, `m${sent++}`);
          await node.push.broadcast(`m${sent++}`);
        }
      };
      const flows = [flow(first), flow(second)];
      await eventually(() => sent > 4);
      const client = await third.connect(user);
      const welcomedAt = sent + 2;
      await eventually(() => sent > welcomedAt + 10);
      isOn = false;
      await Promise.all(flows);
      const numbersOf = () => eventsOf(client).map((event) => Number(event.slice(1)));
      const due = Array.from({ length: sent - welcomedAt }, (_value, index) => welcomedAt + index);
      await eventually(() => expect(numbersOf()).toEqual(expect.arrayContaining(due)));
      expect(new Set(numbersOf()).size).toBe(numbersOf().length);
    }
  }, 60_000);

  it('hears for the groups of a new token when its answer has come', async () => {
    const [first, , third] = nodes;
    const client = await third.connect('7');
    for (let round = 0; round < ROUNDS; round++) {
      const group = `team-${round}`;
      await client.request('push:auth', { token: signToken({ sub: '7', groups: [group] }) });
      await first.push.toGroup(group, `m${round}`);
      // With its next token it is not in this group any more.
      await eventually(() => expect(eventsOf(client)).toContain(`m${round}`));
    }
  }, 60_000);

  it('goes on from poll to poll on any node', async () => {
    const got: string[] = [];
    const poll = async (node: PushApp, cursor: string | undefined, wait: number) => {
      const query = cursor === undefined ? '' : `&cursor=${cursor}`;
      const { text } = await ask(`${node.origin}/push/poll?wait=${wait}${query}`, {
        headers: bearer(signToken({ sub: '7' })),
      });
      return JSON.parse(text) as { messages: { event: string }[]; cursor: string };
    };
    let { cursor } = await poll(nodes[0], undefined, 0);
    for (let round = 0; round < ROUNDS; round++) {
      await nodes[(round + 1) % 3]?.push.toUser('7', `m${round}`);
      const answer = await poll(nodes[round % 3] ?? nodes[0], cursor, 5);
      got.push(...answer.messages.map(({ event }) => event));
      ({ cursor } = answer);
    }
    expect(got).toEqual(Array.from({ length: ROUNDS }, (_value, at) => `m${at}`));
  }, 60_000);
});
