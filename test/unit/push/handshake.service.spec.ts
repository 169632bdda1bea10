import { beforeEach, describe, expect, it } from '@jest/globals';
import { ClientAddress } from '../../../src/auth/client-address.js';
import { OriginPolicy } from '../../../src/auth/origin-policy.js';
import { PushAuthenticator } from '../../../src/auth/push-authenticator.js';
import { DenyingAuthorizer } from '../../../src/auth/push-authorizer.js';
import { MemoryLimits } from '../../../src/backing/memory/memory-limits.js';
import { MemoryMemberships } from '../../../src/backing/memory/memory-memberships.js';
import { MemoryTicketStore } from '../../../src/backing/memory/memory-ticket-store.js';
import { MemoryRevocationList } from '../../../src/backing/memory/memory-revocation-list.js';
import type { ConnectionCounts } from '../../../src/backing/shared-limits.interface.js';
import type { NowOrLater } from '../../../src/core/now-or-later.js';
import type { RefusedEvent } from '../../../src/core/lifecycle-events.js';
import { PushError } from '../../../src/core/push-error.js';
import type { Principal } from '../../../src/core/principal.js';
import { Telemetry } from '../../../src/core/telemetry.js';
import type { PaceOptions } from '../../../src/push/admission-pace.js';
import { AccessService } from '../../../src/push/access.service.js';
import { GroupService } from '../../../src/push/group.service.js';
import { HandshakeService } from '../../../src/push/handshake.service.js';
import type { Admission, HandshakePurpose, HandshakeRequest, Verdict } from '../../../src/push/admission.js';
import type { AdmissionOptions } from '../../../src/push/handshake-parts.js';
import { Refusals } from '../../../src/push/refusal.js';
import { ReturnWindow } from '../../../src/push/return-window.js';
import { FakeConnections } from '../../support/fake-connections.js';

const AUTH_TIMEOUT_MS = 5_000;
const ADDRESS = '198.51.100.7';
const CURSOR_BYTES = 1_024;
const CLOCK_TOLERANCE_MS = 5_000;

/** Takes the token for the name of its user, after `ready`; `''` is refused, `broken` and `away` cannot be checked. */
class NamedUsers extends PushAuthenticator {
  ready: Promise<void> = Promise.resolve();
  asked = 0;

  override async authenticate(token: string): Promise<Principal | undefined> {
    this.asked++;
    await this.ready;
    if (token === 'broken') throw new Error('the issuer is away');
    if (token === 'away') throw new PushError('PUSH_ERR_UNAVAILABLE', 'the issuer is away', { retryAfterMs: 7_000 });
    const isKnown = token.startsWith('user-');
    return isKnown ? { userId: token, groups: [], scopes: [], expiresAtMs: Number.MAX_SAFE_INTEGER } : undefined;
  }
}

class RoomsOnly extends DenyingAuthorizer {
  override canJoin(_principal?: Principal, group = ''): boolean {
    if (group === 'room:broken') throw new Error('cannot say');
    return group.startsWith('room:');
  }
}

let fakes: FakeConnections;
let authenticator: NamedUsers;
let failures: unknown[];
let telemetry: Telemetry;
let tickets: MemoryTicketStore;
let memberships: MemoryMemberships;
let groups: GroupService;
let log: { isFollowing: boolean };
let handshakes: HandshakeService;
/** What all nodes have; this one alone unless a test says otherwise. */
let counts: ConnectionCounts;

function open(options: AdmissionOptions & PaceOptions & { readonly maxGroupsPerConnection?: number } = {}): void {
  fakes = new FakeConnections();
  authenticator = new NamedUsers();
  failures = [];
  telemetry = new Telemetry();
  const { registry, clock } = fakes;
  tickets = new MemoryTicketStore({}, clock);
  memberships = new MemoryMemberships(clock);
  groups = fakes.groupsOver(memberships, 3);
  log = { isFollowing: true };
  handshakes = new HandshakeService({
    pipes: fakes.pipes,
    spaces: { enter: () => ({ registry, groups, log, leave: () => undefined }) },
    clock,
    access: new AccessService(authenticator, new MemoryRevocationList({}, clock), clock, 5_000),
    tickets,
    counts,
    clockToleranceMs: CLOCK_TOLERANCE_MS,
    authorizer: new RoomsOnly(),
    origins: new OriginPolicy(['https://shop.example']),
    clientAddress: new ClientAddress(false),
    tokenSources: {},
    options: {
      maxConnections: 100,
      maxPerUser: 100,
      maxPerIp: 0,
      ipv6PrefixBits: 64,
      maxPendingHandshakes: 100,
      maxHandshakesPerSecond: 0,
      maxEventLoopDelayMs: 0,
      authTimeoutMs: AUTH_TIMEOUT_MS,
      maxGroupsPerConnection: 3,
      ...options,
    },
    onFailure: (cause) => failures.push(cause),
    telemetry,
  });
  handshakes.accept();
}

interface Wish extends Partial<Omit<HandshakeRequest, 'query'>> {
  /** @default `user-7`; empty: none. */
  readonly token?: string;
  readonly purpose?: HandshakePurpose;
  readonly query?: string;
}

function begin({ token = 'user-7', purpose, query, headers, ...request }: Wish = {}) {
  const authorization = token === '' ? {} : { authorization: `Bearer ${token}` };
  const wanted = {
    method: 'GET',
    headers: { host: 'localhost', ...authorization, ...headers },
    query: query === undefined ? undefined : new URLSearchParams(query),
    remoteAddress: ADDRESS,
    isEncrypted: false,
    shapeProblem: undefined,
    ...request,
  };
  return handshakes.begin(wanted, purpose);
}

/** The verdict on a request whose place is given back at once. */
async function judge(wish: Wish = {}): Promise<Verdict> {
  const handshake = begin(wish);
  const verdict = await handshake.verdict;
  handshake.release();
  return verdict;
}

async function admissionOf(wish: Wish = {}): Promise<Admission> {
  const verdict = await judge(wish);
  if (verdict.type === 'refused') throw new Error(`refused: ${verdict.refusal.code}`);
  return verdict;
}

async function codeOf(verdict: NowOrLater<Verdict>): Promise<string> {
  const judged = await verdict;
  return judged.type === 'refused' ? judged.refusal.code : 'admitted';
}

function deferred(): { readonly promise: Promise<void>; readonly resolve: () => void } {
  let resolve = () => {};
  const promise = new Promise<void>((settle) => (resolve = settle));
  return { promise, resolve };
}

/** Memberships cannot be read any more. */
function takeAway(reason: PushError): void {
  Object.assign(memberships, { ofUser: () => Promise.reject(reason) });
}

const nextTurn = () => new Promise((resolve) => setImmediate(resolve));

beforeEach(() => {
  ({ counts } = new MemoryLimits());
  open();
});

describe('HandshakeService', () => {
  it('decides at once where nothing must be waited for, and holds the place until it is released', () => {
    const principal = { userId: '7', groups: [], scopes: [], expiresAtMs: Number.MAX_SAFE_INTEGER };
    open({ maxPerUser: 1 });
    Object.assign(authenticator, { authenticate: () => principal });

    const first = begin();
    expect(first.verdict).toMatchObject({ type: 'admitted', principal });
    expect(begin().verdict).toMatchObject({ type: 'refused', refusal: { code: 'user_limit' } });
    first.release();
    expect(begin().verdict).toMatchObject({ type: 'admitted' });
  });

  it('takes an authenticator that throws at once for one that cannot judge', () => {
    const cause = new Error('the issuer is away');
    Object.assign(authenticator, {
      authenticate: () => {
        throw cause;
      },
    });
    expect(begin().verdict).toMatchObject({ type: 'refused', refusal: { status: 503 } });
    expect(failures).toEqual([cause]);
  });

  it('answers the first problem in the order of the pipeline', async () => {
    open({ maxConnections: 1, maxPerIp: 1, maxPerUser: 1 });
    const { registry } = fakes;
    const other = fakes.connect('other');
    const wish = { token: 'nobody', headers: { origin: 'https://evil.example' }, shapeProblem: Refusals.malformed('') };
    handshakes.stopAccepting(new ReturnWindow(10_000, 0));
    expect(await codeOf(judge(wish))).toBe('draining');

    handshakes.accept();
    expect(await codeOf(judge(wish))).toBe('malformed');
    expect(await codeOf(judge({ ...wish, shapeProblem: undefined }))).toBe('origin_not_allowed');
    expect(await codeOf(judge({ token: 'nobody' }))).toBe('server_full');
    registry.remove(other.connection);
    expect(await codeOf(judge({ token: 'nobody' }))).toBe('unauthorized');
    expect(await codeOf(judge())).toBe('admitted');
  });

  it('asks nobody about the token of a request that is refused without it', async () => {
    await judge({ headers: { origin: 'https://evil.example' } });
    expect(authenticator.asked).toBe(0);
  });

  it('says who comes in, from where and with which cursor', async () => {
    expect(await admissionOf({ query: 'cursor=abc' })).toEqual({
      type: 'admitted',
      principal: expect.objectContaining({ userId: 'user-7' }),
      address: ADDRESS,
      cursor: 'abc',
      heldGroups: expect.objectContaining({ userId: 'user-7' }),
      grantedGroups: [],
      refusedGroups: [],
    });
  });

  describe('the groups that the server holds', () => {
    const heldBy = ({ heldGroups }: Admission) => heldGroups?.at(fakes.clock.now()).map(({ group }) => group);

    it('come with the admission and follow changes until the place is given back', async () => {
      await groups.hold('user-7', 'a', undefined);
      const handshake = begin();
      const admission = (await handshake.verdict) as Admission;
      await groups.hold('user-7', 'b', undefined);
      expect(heldBy(admission)).toEqual(['a', 'b']);

      handshake.release();
      await groups.hold('user-7', 'c', undefined);

      expect(heldBy(admission)).toEqual(['a', 'b']);
    });

    it('are not followed for a peer that has left before they were read', async () => {
      const handshake = begin();
      handshake.release();
      const admission = (await handshake.verdict) as Admission;
      await groups.hold('user-7', 'a', undefined);
      expect(heldBy(admission)).toEqual([]);
    });

    it.each([true, false])(
      'are left for later while they are out of reach (messages flow: %j)',
      async (isFollowing) => {
        takeAway(new PushError('PUSH_ERR_UNAVAILABLE', 'out of reach'));
        log.isFollowing = isFollowing;
        expect((await admissionOf()).heldGroups).toBeUndefined();
      },
    );

    it('are not waited for after a read without an answer, until one has one', async () => {
      takeAway(new PushError('PUSH_ERR_UNAVAILABLE', 'out of reach'));
      const admission = await admissionOf();
      Object.assign(memberships, { ofUser: () => new Promise(() => {}) });
      expect((await admissionOf()).heldGroups).toBeUndefined();

      Object.assign(memberships, { ofUser: () => Promise.resolve({ held: [], revision: 1 }) });
      groups.admit(fakes.connect('user-7').connection, admission.heldGroups);
      await nextTurn();
      expect((await admissionOf()).heldGroups).toBeDefined();
    });

    it('are left for later where they are refused while messages are out of reach', async () => {
      takeAway(new PushError('PUSH_ERR_UNAVAILABLE', 'refused', { isRefusal: true }));
      log.isFollowing = false;
      expect((await admissionOf()).heldGroups).toBeUndefined();
    });

    it('are waited for by a refusal where they are refused while messages flow', async () => {
      takeAway(new PushError('PUSH_ERR_UNAVAILABLE', 'refused', { retryAfterMs: 1_000, isRefusal: true }));
      expect(await judge()).toMatchObject({ type: 'refused', refusal: { status: 503 } });
    });
  });

  describe('limits', () => {
    it.each([
      ['maxConnections', 'server_full'],
      ['maxPendingHandshakes', 'server_full'],
      ['maxPerIp', 'address_limit'],
      ['maxPerUser', 'user_limit'],
    ])(
      'counts handshakes under way towards %s, so that a crowd does not slip through together',
      async (option, code) => {
        open({ [option]: 2 });
        const { promise, resolve } = deferred();
        authenticator.ready = promise;
        const crowd = Array.from({ length: 3 }, () => begin());
        resolve();

        expect(await Promise.all(crowd.map(({ verdict }) => codeOf(verdict)))).toEqual(['admitted', 'admitted', code]);
      },
    );

    it.each(['maxConnections', 'maxPendingHandshakes', 'maxPerIp', 'maxPerUser'])(
      'gives the place under %s back once, however often it is released',
      async (option) => {
        open({ [option]: 1 });
        const first = begin();
        await first.verdict;
        first.release();
        first.release();

        const next = [begin(), begin()];
        const codes = await Promise.all(next.map(({ verdict }) => codeOf(verdict)));

        expect(codes.filter((code) => code === 'admitted')).toHaveLength(1);
      },
    );

    it('counts live connections towards the limit of their user', async () => {
      open({ maxPerUser: 1 });
      fakes.connect('user-7');

      expect(await codeOf(judge())).toBe('user_limit');
      expect(await codeOf(judge({ token: 'user-8' }))).toBe('admitted');
    });

    it('does not hold a user for the place of a peer that left before its token was read', async () => {
      open({ maxPerUser: 1 });
      const { promise, resolve } = deferred();
      authenticator.ready = promise;
      const left = begin();
      left.release();
      resolve();
      await left.verdict;

      expect(await codeOf(judge())).toBe('admitted');
    });
  });

  describe('a rate of handshakes', () => {
    const refusalOf = async (verdict: Promise<Verdict>) => {
      const judged = await verdict;
      return judged.type === 'refused' ? judged.refusal : undefined;
    };

    it('lets a crowd in at its pace and tells each of the others a time of its own', async () => {
      open({ maxHandshakesPerSecond: 10 });
      const refusals = await Promise.all(Array.from({ length: 40 }, () => refusalOf(judge())));
      const turnedAway = refusals.filter((refusal) => refusal !== undefined);
      expect(turnedAway).toHaveLength(30);
      expect(turnedAway[0]).toMatchObject({ status: 503, code: 'server_full', headers: { 'Retry-After': '1' } });
      expect(turnedAway.at(-1)).toMatchObject({ waitMs: 3_900, headers: { 'Retry-After': '4' } });
      fakes.clock.advance(1_000);
      expect(await codeOf(judge())).toBe('admitted');
    });

    it('is only looked at by a dry run, and does not concern a call', async () => {
      open({ maxHandshakesPerSecond: 1 });
      expect(await codeOf(judge({ purpose: 'check' }))).toBe('admitted');
      expect(await codeOf(judge())).toBe('admitted');
      expect(await codeOf(judge({ purpose: 'check' }))).toBe('server_full');
      expect(await codeOf(judge({ purpose: 'call' }))).toBe('admitted');
    });
  });

  describe('limits that nodes share', () => {
    /** Counts in which the others have so many of each, and what was told to them. */
    class SharedCounts implements ConnectionCounts {
      readonly isShared = true;
      readonly told: string[] = [];
      readonly asked: string[] = [];

      constructor(private readonly others: number) {}

      async enter(subject: string, here: number, limit: number): Promise<boolean> {
        this.asked.push(`enter ${subject} ${here}`);
        return this.others + here <= limit;
      }

      async hasRoom(subject: string, here: number, limit: number): Promise<boolean> {
        this.asked.push(`look ${subject} ${here}`);
        return this.others + here <= limit;
      }

      settle(subject: string, here: number): void {
        this.told.push(`${subject} ${here}`);
      }
    }

    function share(others: number, options: AdmissionOptions): SharedCounts {
      const shared = new SharedCounts(others);
      counts = shared;
      open(options);
      return shared;
    }

    it('refuse a user whose other connections are on other nodes, after its token', async () => {
      const shared = share(2, { maxPerUser: 2 });
      expect(await codeOf(judge({ token: 'nobody' }))).toBe('unauthorized');
      expect(await codeOf(judge())).toBe('user_limit');
      expect(shared.asked).toEqual(['enter user:user-7 1']);
      expect(shared.told).toEqual(['user:user-7 0']);
    });

    it('refuse an address before anyone looks at the token', async () => {
      const shared = share(2, { maxPerIp: 2 });
      expect(await codeOf(judge())).toBe('address_limit');
      expect(authenticator.asked).toBe(0);
      expect(shared.asked).toEqual([`enter address:${ADDRESS} 1`]);
    });

    it('are only looked at by a dry run, and not at all by a call', async () => {
      const shared = share(1, { maxPerUser: 1, maxPerIp: 5 });
      expect(await codeOf(judge({ purpose: 'check' }))).toBe('user_limit');
      expect(shared.asked).toEqual([`look address:${ADDRESS} 1`, 'look user:user-7 1']);
      expect(await codeOf(judge({ purpose: 'call' }))).toBe('admitted');
      expect(shared.asked).toHaveLength(2);
    });

    it('are not asked where this node is full by itself', async () => {
      const shared = share(0, { maxPerUser: 1 });
      fakes.connect('user-7');
      expect(await codeOf(judge())).toBe('user_limit');
      expect(shared.asked).toEqual([]);
    });

    it('hear when a connection is being closed and when its pipe is gone', async () => {
      const shared = share(0, { maxPerIp: 5 });
      const { connection } = fakes.connect('user-7');
      fakes.registry.retire(connection);
      expect(shared.told).toEqual(['user:user-7 0', 'address:127.0.0.1 1']);
      fakes.registry.remove(connection);
      expect(shared.told.slice(2)).toEqual(['user:user-7 0', 'address:127.0.0.1 0']);
    });
  });

  describe('checks that fail or take long', () => {
    it('answers 503 when the check fails, and tells whoever watches', async () => {
      const verdict = await judge({ token: 'broken' });

      expect(verdict).toMatchObject({ refusal: { status: 503, code: 'unavailable', headers: { 'Retry-After': '5' } } });
      expect(failures).toEqual([expect.objectContaining({ message: 'the issuer is away' })]);
    });

    it('says when to come back where the check says it, and tells nobody a second time', async () => {
      const verdict = await judge({ token: 'away' });

      expect(verdict).toMatchObject({ refusal: { status: 503, code: 'unavailable', headers: { 'Retry-After': '7' } } });
      expect(failures).toEqual([]);
    });

    it('says nothing of what failed', async () => {
      expect(JSON.stringify(await judge({ token: 'broken' }))).not.toContain('issuer');
    });

    it('answers 503 when the check takes longer than authTimeoutMs', async () => {
      authenticator.ready = new Promise(() => {});
      const verdict = codeOf(judge());

      fakes.clock.advance(AUTH_TIMEOUT_MS);

      expect(await verdict).toBe('unavailable');
    });

    it('answers 503 at once when the application begins to end during the check', async () => {
      authenticator.ready = new Promise(() => {});
      const verdict = codeOf(judge());

      handshakes.stopAccepting(new ReturnWindow(10_000, 0));

      expect(await verdict).toBe('draining');
    });

    it('gives all who come back to a process that ends a seat of their own, and sends who is new on', async () => {
      handshakes.stopAccepting(new ReturnWindow(10_000, 0));
      const refusals = await Promise.all(
        Array.from({ length: 20 }, async (_, client) => {
          const verdict = await judge(client % 2 === 0 ? { query: 'cursor=c' } : { lastEventId: 'c' });
          return verdict.type === 'refused' ? verdict.refusal : undefined;
        }),
      );
      const seats = refusals.map((refusal) => refusal?.waitMs ?? 0).toSorted((one, other) => one - other);
      expect(seats[0]).toBeGreaterThanOrEqual(1_000);
      expect(seats.at(-1)).toBeLessThan(11_000);
      // Half a second each if they had been counted before.
      const gaps = seats.slice(1).map((seat, index) => seat - (seats[index] ?? 0));
      expect(gaps.filter((gap) => gap < 250 || gap > 1_000)).toEqual([]);
      for (const refusal of refusals)
        expect(refusal?.headers).toEqual({ 'Retry-After': `${Math.ceil((refusal?.waitMs ?? 0) / 1_000)}` });

      expect(await judge()).toMatchObject({ refusal: { headers: { 'Retry-After': '1' } } });
    });

    it('answers 503 before the application has started', async () => {
      handshakes.stopAccepting(new ReturnWindow(10_000, 0));
      expect(await codeOf(judge())).toBe('draining');
    });
  });

  describe('what is told of a refusal', () => {
    let told: RefusedEvent[];

    /** Whoever is refused is told of, and by its token is of a tenant. */
    function listen(options: AdmissionOptions = {}): void {
      open(options);
      told = [];
      telemetry.listeners.refused = (event) => told.push(event);
      const tenant = 'shop';
      const scopes: string[] = [];
      const principal = { userId: '7', tenant, groups: [], scopes, expiresAtMs: Number.MAX_SAFE_INTEGER };
      Object.assign(authenticator, { authenticate: () => principal });
    }

    it('says who it was where the user has too many connections', () => {
      listen({ maxPerUser: 1 });
      const first = begin();
      begin();
      first.release();
      expect(told).toMatchObject([{ code: 'user_limit', userId: '7', tenant: 'shop' }]);
    });

    it('says who it was where a check behind the token fails', async () => {
      listen();
      takeAway(new PushError('PUSH_ERR_UNAVAILABLE', 'refused', { isRefusal: true }));
      await judge();
      await judge({ query: 'groups=room:broken' });
      const who = { code: 'unavailable', userId: '7', tenant: 'shop' };
      expect(told).toMatchObject([who, who]);
    });

    it('says who it was where a check behind the token is cut short', async () => {
      listen();
      Object.assign(memberships, { ofUser: () => new Promise(() => {}) });
      begin();
      fakes.clock.advance(AUTH_TIMEOUT_MS);
      begin();
      handshakes.stopAccepting(new ReturnWindow(10_000, 0));
      const who = { userId: '7', tenant: 'shop' };
      expect(told).toMatchObject([
        { ...who, code: 'unavailable' },
        { ...who, code: 'draining' },
      ]);
    });

    it('names nobody where no token has said who it is', async () => {
      listen({ maxPerIp: 1 });
      const first = begin();
      begin();
      first.release();
      Object.assign(authenticator, { authenticate: () => undefined });
      await judge();
      const nobody = { userId: undefined, tenant: undefined };
      expect(told).toMatchObject([
        { ...nobody, code: 'address_limit' },
        { ...nobody, code: 'unauthorized' },
      ]);
    });
  });

  describe('groups that are asked for', () => {
    it('sorts them into those granted and those refused, each once', async () => {
      const { grantedGroups, refusedGroups } = await admissionOf({ query: 'groups=room:1,staff,room:1' });

      expect(grantedGroups).toEqual(['room:1']);
      expect(refusedGroups).toEqual([{ group: 'staff', code: 'forbidden' }]);
    });

    it('refuses what is no group name without asking the authorizer', async () => {
      const { refusedGroups } = await admissionOf({ query: 'groups=room:a%20b,' });
      expect(refusedGroups.map(({ code }) => code)).toEqual(['forbidden', 'forbidden']);
    });

    it('refuses those past the limit', async () => {
      const { grantedGroups, refusedGroups } = await admissionOf({ query: 'groups=room:1,room:2,room:3,room:4' });

      expect(grantedGroups).toEqual(['room:1', 'room:2', 'room:3']);
      expect(refusedGroups).toEqual([{ group: 'room:4', code: 'limit_groups' }]);
    });

    it('answers 503 when the authorizer fails', async () => {
      expect(await codeOf(judge({ query: 'groups=room:broken' }))).toBe('unavailable');
      expect(failures).toHaveLength(1);
    });
  });

  describe('cursor', () => {
    it('takes one of 1 KB and refuses a longer one, counted in bytes', async () => {
      expect(await codeOf(judge({ query: `cursor=${'x'.repeat(CURSOR_BYTES)}` }))).toBe('admitted');
      expect(await codeOf(judge({ query: `cursor=${'x'.repeat(CURSOR_BYTES + 1)}` }))).toBe('malformed');
      expect(await codeOf(judge({ query: `cursor=${'%C3%BC'.repeat(CURSOR_BYTES / 2 + 1)}` }))).toBe('malformed');
    });
  });

  describe('places and purposes', () => {
    it.each(['check', 'call'] as const)('takes no place of a connection for a %s', async (purpose) => {
      open({ maxConnections: 1, maxPerIp: 1, maxPerUser: 1 });
      const visits = [begin({ purpose }), begin({ purpose })];

      expect(await Promise.all(visits.map(({ verdict }) => codeOf(verdict)))).toEqual(['admitted', 'admitted']);
      expect(await codeOf(judge())).toBe('admitted');
    });

    it.each(['check', 'call'] as const)(
      'counts a %s among the handshakes under way until its release',
      async (purpose) => {
        open({ maxPendingHandshakes: 1 });
        const visit = begin({ purpose });
        expect(await codeOf(judge())).toBe('server_full');

        visit.release();
        visit.release();

        expect(await codeOf(judge())).toBe('admitted');
      },
    );

    it('judges a check, but not a call, by the limits of connections', async () => {
      open({ maxPerUser: 1 });
      fakes.connect('user-7');

      expect(await codeOf(judge({ purpose: 'check' }))).toBe('user_limit');
      expect(await codeOf(judge({ purpose: 'call' }))).toBe('admitted');
    });

    it('judges a call by its origin and its token', async () => {
      const headers = { origin: 'https://evil.example' };
      expect(await codeOf(judge({ purpose: 'call', headers }))).toBe('origin_not_allowed');
      expect(await codeOf(judge({ purpose: 'call', token: 'nobody' }))).toBe('unauthorized');
    });
  });

  describe('tickets', () => {
    const principal: Principal = { userId: 'user-7', groups: [], scopes: [], expiresAtMs: Number.MAX_SAFE_INTEGER };

    async function issue(changes: Partial<Principal> = {}): Promise<Wish> {
      const ticket = await tickets.issue({ ...principal, ...changes });
      return { token: '', query: `ticket=${ticket}` };
    }

    it('stand for a token once', async () => {
      const wish = await issue();
      expect((await admissionOf(wish)).principal.userId).toBe('user-7');
      expect(await codeOf(judge(wish))).toBe('unauthorized');
    });

    it('let one of many in that come at once', async () => {
      const wish = await issue();
      const codes = await Promise.all(Array.from({ length: 5 }, () => codeOf(judge(wish))));
      expect(codes.filter((code) => code === 'admitted')).toHaveLength(1);
    });

    it('are not spent by a check nor by the limit of their user, and are no token of a call', async () => {
      open({ maxPerUser: 1 });
      const wish = await issue();
      const other = fakes.connect('user-7');
      expect(await codeOf(judge(wish))).toBe('user_limit');
      fakes.registry.remove(other.connection);

      expect(await codeOf(judge({ ...wish, purpose: 'check' }))).toBe('admitted');
      expect(await codeOf(judge({ ...wish, purpose: 'call' }))).toBe('unauthorized');
      expect(await codeOf(judge(wish))).toBe('admitted');
    });

    it('end with the token that they were issued for, which lasts as long as a clock may be off', async () => {
      const expiresAtMs = fakes.clock.now() + 1_000;
      const [early, late] = [await issue({ expiresAtMs }), await issue({ expiresAtMs })];
      fakes.clock.advance(1_000 + CLOCK_TOLERANCE_MS - 1);
      expect(await codeOf(judge(early))).toBe('admitted');

      fakes.clock.advance(1);
      expect(await codeOf(judge(late))).toBe('unauthorized');
    });
  });

  describe('the time that checks may take', () => {
    it('is counted for each from its own beginning', async () => {
      authenticator.ready = new Promise(() => {});
      const verdicts: string[] = [];
      const follow = (name: string) => void codeOf(judge()).then((code) => verdicts.push(`${name} ${code}`));
      follow('first');
      fakes.clock.advance(AUTH_TIMEOUT_MS - 1_000);
      follow('second');

      fakes.clock.advance(1_000);
      await nextTurn();
      expect(verdicts).toEqual(['first unavailable']);

      fakes.clock.advance(AUTH_TIMEOUT_MS - 1_000);
      await nextTurn();
      expect(verdicts).toEqual(['first unavailable', 'second unavailable']);
    });

    it('is watched again after a time without checks', async () => {
      await judge();
      fakes.clock.advance(AUTH_TIMEOUT_MS * 3);
      authenticator.ready = new Promise(() => {});
      const verdict = codeOf(judge());

      fakes.clock.advance(AUTH_TIMEOUT_MS);

      expect(await verdict).toBe('unavailable');
    });

    it('does not tell of a check that fails after it', async () => {
      const { promise, resolve } = deferred();
      authenticator.ready = promise;
      const verdict = codeOf(judge({ token: 'broken' }));
      fakes.clock.advance(AUTH_TIMEOUT_MS);
      expect(await verdict).toBe('unavailable');

      resolve();
      await nextTurn();

      expect(failures).toEqual([]);
    });
  });
});
