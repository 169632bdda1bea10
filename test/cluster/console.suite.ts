import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { CanActivate } from '@nestjs/common';
import type { KickedEvent } from '../../src/core/lifecycle-events.js';
import { Telemetry } from '../../src/core/telemetry.js';
import type { PushModuleExtras, PushModuleOptions } from '../../src/push-options.interface.js';
import type {
  ConsoleReport,
  ConsoleSession,
  ConsoleView,
  NodeTraceEntry,
  TargetPreview,
} from '../../src/protocol/console-frames.js';
import type { Envelope } from '../../src/protocol/frames.js';
import { PushHealth } from '../../src/push/push-health.js';
import { eventually } from '../support/eventually.js';
import { ask } from '../support/http-request.js';
import { PushApp } from '../support/push-app.js';
import { SseClient } from '../support/sse-client.js';
import { bearer, signToken, TEST_SECRET } from '../support/tokens.js';
import type { Claims } from '../support/tokens.js';
import { refusalOf, WsClient } from '../support/ws-client.js';
import type { ClusterSubject } from './application.suite.js';

const ADMIN = { scope: 'push:admin push:send push:broadcast' };
const HOSTILE = '<img src=x onerror=alert(1)>';

class OpenGuard implements CanActivate {
  canActivate(): boolean {
    return true;
  }
}

/** A page of the console, as far as its connection goes. */
class ConsoleClient {
  private constructor(private readonly client: WsClient) {}

  static async open(node: PushApp, claims: Claims = {}): Promise<ConsoleClient> {
    return new ConsoleClient(await node.connect('op', { ...ADMIN, ...claims }));
  }

  async ask(action: string, data: object = {}): Promise<Envelope> {
    return this.client.request('push:console', { action, ...data });
  }

  /** What it comes to; throws where it was refused. */
  async get<Answer>(action: string, data: object = {}): Promise<Answer> {
    const answer = await this.ask(action, data);
    expect(answer.event).toBe('push:ok');
    return answer.data as Answer;
  }

  /** Looks at this, and gives each report to `check` until it is content. */
  async watch(view: ConsoleView, check: (report: ConsoleReport) => void): Promise<void> {
    await this.get('view', view);
    await this.seen(check);
  }

  async seen(check: (report: ConsoleReport) => void): Promise<void> {
    await eventually(async () => check((await this.client.next('push:console')).data as ConsoleReport));
  }

  /** Gathers the steps of a trace, as `step why name`, until `check` is content. */
  async traced(check: (steps: readonly string[], entries: readonly NodeTraceEntry[]) => void): Promise<void> {
    const entries: NodeTraceEntry[] = [];
    await this.seen(({ trace }) => {
      entries.push(...(trace?.entries ?? []));
      check(
        entries.map(({ step, why, name }) => [step, why, name].filter(Boolean).join(' ')),
        entries,
      );
    });
  }
}

/** The admin console on two nodes. `create` makes an empty cluster. */
export function describeConsole(name: string, create: () => Promise<ClusterSubject> | ClusterSubject): void {
  describe(`the console on two nodes over ${name}`, () => {
    let subject: ClusterSubject;
    let first: PushApp;
    let second: PushApp;

    const startBoth = async (push: PushModuleOptions & PushModuleExtras = {}): Promise<void> => {
      const start = () => PushApp.start({ push: { backing: subject.factory(), console: {}, ...push } });
      first = await start();
      second = await start();
      await eventually(async () => (await first.push.stats()).nodes === 2 && (await second.push.stats()).nodes === 2);
    };
    const idOf = (node: PushApp): string => node.app.get(PushHealth).nodeId;

    beforeEach(async () => {
      subject = await create();
    });
    afterEach(async () => {
      await Promise.all([first.close(), second.close()]);
      await subject.close();
    });

    it('shows what is connected, sent, matched and written on every node, as it changes', async () => {
      await startBoth();
      const page = await ConsoleClient.open(first);
      await second.connect('ada', { groups: ['vip'] });
      await second.connect('ada', { groups: ['vip'] });
      await page.watch({}, ({ nodes, users, groups, partial }) => {
        const connectionsOf = (node: PushApp) => nodes.find((sample) => sample.node === idOf(node))?.connections.ws;
        expect([connectionsOf(first), connectionsOf(second)]).toEqual([1, 2]);
        expect({ users, groups, partial }).toEqual({ users: 2, groups: 1, partial: false });
      });
      await first.push.toUser('ada', 'e');
      await second.push.toUser('nobody', 'e');
      await page.seen(({ nodes }) => {
        const countsOf = (node: PushApp) => nodes.find((sample) => sample.node === idOf(node))?.counts;
        expect(countsOf(first)).toMatchObject({ sends: 1, matched: 0 });
        expect(countsOf(second)).toMatchObject({ sends: 1, matched: 2, written: 2 });
      });
      await page.seen(({ nodes }) => expect(nodes[0]?.vitals).toMatchObject({ pid: process.pid }));
    });

    it('finds connections of all nodes by parts of user, group and address', async () => {
      await startBoth();
      const page = await ConsoleClient.open(first);
      await first.connect('ada', { groups: ['room:Lobby'] });
      const connectedAtMs = Date.now();
      // Of two nodes those of one millisecond are in no order.
      await eventually(() => Date.now() > connectedAtMs);
      await second.connect('Adam', { groups: ['vip'] });
      await second.connect(HOSTILE);
      const find = async (search: object) => {
        const found = await page.get<{ items: { userId: string }[] }>('search', { search });
        return found.items.map(({ userId }) => userId);
      };
      expect(await find({ user: 'ADA' })).toEqual(['ada', 'Adam']);
      expect(await find({ group: 'lob' })).toEqual(['ada']);
      expect(await find({ user: 'adam', group: 'lob' })).toEqual([]);
      expect(await find({ address: '127.' })).toEqual(['op', 'ada', 'Adam', HOSTILE]);
      expect(await find({ address: '10.' })).toEqual([]);
      await page.watch({ search: { user: '<' } }, ({ found }) => {
        expect(found?.items).toMatchObject([{ userId: HOSTILE, node: idOf(second), transport: 'ws' }]);
      });
    });

    it('follows a user on another node: what was accepted, matched, written, kept and replayed, and why', async () => {
      await startBoth();
      const page = await ConsoleClient.open(first);
      const ada = await second.connect('ada', { groups: ['vip'] });
      await page.watch({ trace: 'ada' }, ({ trace }) => expect(trace?.userId).toBe('ada'));
      await first.push.toUser('ada', 'one', 'secret');
      await first.push.toGroup('vip', 'two');
      await first.push.send({ target: { all: true, except: { users: ['ada'] } }, event: 'three' });
      await page.traced((steps, entries) => {
        expect(steps).toEqual(
          expect.arrayContaining(['sent user', 'matched user', 'matched group vip', 'written', 'excluded user']),
        );
        const matched = entries.find(({ step }) => step === 'matched');
        expect(matched).toMatchObject({ node: idOf(second), event: 'one', transport: 'ws' });
        expect(entries.find(({ step }) => step === 'sent')).toMatchObject({ node: idOf(first), isKept: true });
        expect(JSON.stringify(entries)).not.toContain('secret');
      });

      const { cursor } = await ada.next('two');
      await ada.close();
      await eventually(async () => !(await first.push.isOnline('ada')));
      await first.push.toUser('ada', 'missed');
      await second.connect('ada', {}, { query: `?cursor=${encodeURIComponent(cursor ?? '')}` });
      await page.traced((steps) => {
        expect(steps).toEqual(expect.arrayContaining(['disconnected left', 'connected', 'replayed', 'written']));
      });
    });

    it('shows who would get a message, and by what, and sends it to those', async () => {
      await startBoth();
      const page = await ConsoleClient.open(first);
      const ada = await second.connect('ada', { groups: ['vip'] });
      await first.connect('grace', { groups: ['vip', 'staff'] });
      await second.connect('linus');
      const target = { users: ['linus', 'away'], groups: ['vip'], except: { groups: ['staff'] } };

      const preview = await page.get<TargetPreview>('preview', { target });
      expect(preview).toMatchObject({ users: 2, connections: 2, byTransport: { ws: 2, sse: 0, poll: 0 } });
      expect(preview.items.map(({ userId, why, name: group }) => [userId, why, group])).toEqual([
        ['linus', 'user', undefined],
        ['ada', 'group', 'vip'],
      ]);

      const message = { target, event: 'note', payload: { text: 'hello' }, options: { idempotencyKey: 'k' } };
      const receipt = await page.get('send', message);
      expect(receipt).toMatchObject({ duplicate: false, matched: { users: 2, connections: 2 }, written: 2 });
      expect(await ada.next('note')).toMatchObject({ data: { text: 'hello' } });
      expect(await page.get('send', message)).toMatchObject({ duplicate: true });
    });

    it('disconnects a connection and a user wherever they are, to come back or not', async () => {
      await startBoth();
      const page = await ConsoleClient.open(first);
      const [one, two] = [await second.connect('ada'), await second.connect('ada')];
      const [oldest] = (await first.push.connections({ user: 'ada' })).items;
      expect(await page.get('disconnect', { connection: oldest?.connectionId, reconnect: true })).toMatchObject({
        matched: 1,
      });
      expect((await one.end()).code).toBe(1012);
      expect(await page.get('disconnect', { user: 'ada' })).toMatchObject({ matched: 1 });
      expect((await two.end()).code).toBe(4505);
    });

    it('tells the node of a disconnected connection who had it ended', async () => {
      await startBoth();
      const kicked: KickedEvent[] = [];
      for (const node of [first, second]) node.app.get(Telemetry).listeners.kicked = (event) => kicked.push(event);
      const page = await ConsoleClient.open(first);
      const ada = await second.connect('ada');
      await page.get('disconnect', { user: 'ada' });
      await ada.end();
      expect(kicked).toMatchObject([{ userId: 'ada', cause: 'disconnect', by: 'op' }]);
    });

    it('has the chosen node drain, and no other', async () => {
      await startBoth();
      const page = await ConsoleClient.open(first);
      const [here, there] = [await first.connect('ada'), await second.connect('ada')];
      expect(await page.ask('drain', { node: 'none' })).toMatchObject({ data: { code: 'invalid_data' } });
      expect(await page.get('drain', { node: idOf(second) })).toEqual({ node: idOf(second) });
      expect((await there.next('push:draining')).data).toMatchObject({ reconnectInMs: expect.any(Number) });
      expect((await there.end()).code).toBe(1012);
      const refusal = await refusalOf(second.wsUrl, { token: signToken() });
      expect([refusal.status, refusal.problem['code']]).toEqual([503, 'draining']);
      expect(second.app.get(PushHealth).readiness).toEqual({ status: 'draining' });
      await page.watch({}, ({ nodes }) => {
        expect(nodes.filter(({ isDraining }) => isDraining).map(({ node }) => node)).toEqual([idOf(second)]);
      });
      expect(await here.request('push:ping')).toMatchObject({ event: 'push:pong' });
    });

    it('answers a page on the node that is to drain before that ends its connection', async () => {
      await startBoth();
      const page = await first.connect('op', ADMIN);
      const answer = await page.request('push:console', { action: 'drain', node: idOf(first) });
      expect([answer.event, answer.data]).toEqual(['push:ok', { node: idOf(first) }]);
      await page.next('push:draining');
      expect((await page.end()).code).toBe(1012);
      expect(first.app.get(PushHealth).readiness).toEqual({ status: 'draining' });
    });

    it('answers a page on an event stream of the node that is to drain', async () => {
      await startBoth();
      const token = bearer(signToken({ sub: 'op', ...ADMIN }));
      const stream = await SseClient.open(`${first.origin}/push/sse`, token);
      const { connectionId } = (await stream.next('push:welcome')).data as { readonly connectionId: string };
      const { status, text } = await ask(`${first.origin}/push/upstream`, {
        method: 'POST',
        headers: { ...token, 'push-connection': connectionId, 'content-type': 'application/json' },
        body: JSON.stringify({ event: 'push:console', data: { action: 'drain', node: idOf(first) } }),
      });
      expect([status, JSON.parse(text)]).toMatchObject([200, { event: 'push:ok', data: { node: idOf(first) } }]);
      await stream.next('push:draining');
      expect((await stream.next('push:closing')).data).toMatchObject({ code: 1012 });
    });

    it('keeps to its tenant, and shows nothing of the others or of the process', async () => {
      const jwt = { secret: TEST_SECRET, algorithms: ['HS256' as const] };
      await startBoth({ auth: { jwt, tenantClaim: 'tenant' } });
      const page = await ConsoleClient.open(first, { tenant: 'ours' });
      await second.connect('ada', { tenant: 'ours' });
      const theirs = await second.connect('ada', { tenant: 'theirs', groups: ['theirs'] });
      await first.connect('grace', { tenant: 'theirs' });
      await page.watch({ trace: 'ada', search: {} }, ({ nodes, users, groups, found }) => {
        expect(nodes).toHaveLength(2);
        expect(nodes.map(({ vitals }) => vitals)).toEqual([undefined, undefined]);
        expect({ users, groups }).toEqual({ users: 2, groups: 0 });
        expect(found?.items.map(({ userId }) => userId)).toEqual(['op', 'ada']);
      });
      await first.push.forTenant('theirs').toUser('ada', 'theirs');
      await first.push.broadcast('nobodys');
      await first.push.forTenant('ours').toUser('ada', 'ours');
      await page.traced((_steps, entries) => {
        expect(entries.some(({ step }) => step === 'written')).toBe(true);
        const events = new Set(entries.map(({ event }) => event).filter(Boolean));
        expect([...events]).toEqual(['ours']);
      });
      await page.seen(({ nodes }) => {
        expect(nodes.reduce((sum, { counts }) => sum + counts.matched, 0)).toBe(1);
      });
      expect(await page.get('preview', { target: { all: true } })).toMatchObject({ users: 2, connections: 2 });
      expect(await page.get('disconnect', { user: 'grace' })).toMatchObject({ matched: 0 });
      expect(await page.ask('drain', { node: idOf(second) })).toMatchObject({ data: { code: 'forbidden' } });
      expect(await theirs.request('push:ping')).toMatchObject({ event: 'push:pong' });
    });

    it('takes on one node the pass that another has given', async () => {
      await startBoth({ console: { guards: [OpenGuard], tenantOf: () => 'ours' } });
      const { text } = await ask(`${first.origin}/console/session`, { method: 'POST' });
      const { pass = '', user, tenant } = JSON.parse(text) as ConsoleSession;
      expect([user, tenant]).toEqual(['push:console', 'ours']);
      const page = await WsClient.connect(second.wsUrl, { token: pass });
      await page.next('push:welcome');
      expect(await page.request('push:console', { action: 'view' })).toMatchObject({ event: 'push:ok' });
      page.socket.terminate();
      const refusal = await refusalOf(second.wsUrl, { token: `${pass}x` });
      expect(refusal.status).toBe(401);
    });

    it('answers an event stream too, on whichever node its requests arrive', async () => {
      await startBoth();
      const token = bearer(signToken({ sub: 'op', ...ADMIN }));
      const stream = await SseClient.open(`${second.origin}/push/sse`, token);
      const { connectionId } = (await stream.next('push:welcome')).data as { readonly connectionId: string };
      const post = (headers: Readonly<Record<string, string>>) =>
        ask(`${first.origin}/push/upstream`, {
          method: 'POST',
          headers: { ...token, ...headers, 'content-type': 'application/json' },
          body: JSON.stringify({ event: 'push:console', data: { action: 'view' } }),
        });
      expect((await post({ 'push-connection': connectionId })).status).toBe(200);
      expect(await stream.next('push:console')).toMatchObject({ data: { nodes: [{}, {}] } });
      expect((await post({})).text).toContain('connection_required');
      stream.close();
    });

    it('answers those who poll when they look: what has changed since, on whichever node', async () => {
      await startBoth();
      const token = bearer(signToken({ sub: 'op', ...ADMIN }));
      const look = async (node: PushApp, data: object) => {
        const { text } = await ask(`${node.origin}/push/upstream`, {
          method: 'POST',
          headers: { ...token, 'content-type': 'application/json' },
          body: JSON.stringify({ event: 'push:console', data: { action: 'look', ...data } }),
        });
        return (JSON.parse(text) as Envelope).data as ConsoleReport;
      };
      const ada = await second.connect('ada', { groups: ['vip'] });
      expect(await look(first, { trace: 'ada', search: { user: 'ada' } })).toMatchObject({
        users: 1,
        nodes: [{}, {}],
        partial: false,
        found: { items: [{ userId: 'ada', node: idOf(second) }] },
        trace: { userId: 'ada', entries: [] },
      });
      await first.push.toUser('ada', 'e');
      await ada.next('e');
      const seen: Record<string, number> = {};
      const steps: string[] = [];
      await eventually(async () => {
        for (const node of [first, second]) {
          const entries = (await look(node, { trace: 'ada', seen })).trace?.entries ?? [];
          steps.push(...entries.map(({ step }) => step));
          for (const entry of entries) seen[entry.node] = Math.max(seen[entry.node] ?? 0, entry.seq);
        }
        expect(steps.toSorted()).toEqual(['matched', 'sent', 'written']);
      });
      expect((await look(first, { trace: 'ada', seen })).trace?.entries).toEqual([]);
    });
  });
}
