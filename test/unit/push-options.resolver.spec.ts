import { describe, expect, it } from '@jest/globals';
import { PushError } from '../../src/core/push-error.js';
import { PushEvent } from '../../src/push/push-event.decorator.js';
import { resolveOptions } from '../../src/push-options.resolver.js';

/** What every number is where the host does not say; the contract's list. */
const DEFAULTS = {
  maxConnections: 20_000,
  maxPerUser: 100,
  maxPerIp: 0,
  ipv6PrefixBits: 64,
  maxPendingHandshakes: 1_000,
  maxHandshakesPerSecond: 0,
  maxEventLoopDelayMs: 250,
  authTimeoutMs: 5_000,
  maxGroupsPerConnection: 100,
  maxIdleTenants: 1_000,
  maxFramesPerSecond: 100,
  maxUserFramesPerSecond: 0,
  maxWaitingFrames: 16,
  maxFrameBytes: 65_536,
  upstreamTimeoutMs: 30_000,
  validationTimeoutMs: 5_000,
  heartbeatMs: 25_000,
  heartbeatTimeoutMs: 10_000,
  expiringNoticeMs: 60_000,
  stallTimeoutMs: 30_000,
  maxQueueBytes: 1_048_576,
  maxTotalQueueBytes: 268_435_456,
  flushWindowMs: 0,
  maxPayloadBytes: 65_536,
  maxTargets: 10_000,
  maxSendsPerSecond: 0,
  historyCount: 100,
  historySeconds: 300,
  historyAllCount: 1_000,
  maxHistoryBytes: 268_435_456,
  drainMs: 5_000,
  drainWindowMs: 0,
  maxLifecycleEvents: 10_000,
};
const NUMBERS = Object.keys(DEFAULTS);

function refusalOf(options: unknown): PushError {
  try {
    resolveOptions(options);
  } catch (error) {
    if (error instanceof PushError) return error;
    throw error;
  }
  throw new Error('the options were accepted');
}

function pointersOf(options: unknown): readonly string[] {
  return refusalOf(options).errors?.map(({ pointer }) => pointer) ?? [];
}

describe('resolveOptions', () => {
  it('gives every option its default', () => {
    const { backing, ...resolved } = resolveOptions({});

    expect(resolved).toEqual({
      ...DEFAULTS,
      auth: undefined,
      logConnections: false,
      tracing: true,
      validateOutgoing: true,
      metrics: false,
      origins: [],
      trustProxy: false,
      paths: {
        ws: '/push/ws',
        sse: '/push/sse',
        poll: '/push/poll',
        upstream: '/push/upstream',
        handshake: '/push/handshake',
        ticket: '/push/ticket',
      },
      idempotency: { ttlSeconds: 86_400, maxKeys: 100_000, maxBytes: 67_108_864 },
      revocations: { ttlSeconds: 2_592_000, maxEntries: 100_000 },
      tickets: { ttlSeconds: 30, maxTickets: 100_000 },
      events: [],
    });
    expect(backing.name).toBe('memory');
  });

  it.each([
    ['as many as for one target where that is more', { historyCount: 5_000 }, 5_000],
    ['a thousand where that is less', { historyCount: 1 }, 1_000],
    ['none where none are kept', { historyCount: 0 }, 0],
    ['as many as is said', { historyCount: 0, historyAllCount: 7 }, 7],
  ])('keeps of the messages to everyone %s', (_, options, historyAllCount) => {
    expect(resolveOptions(options).historyAllCount).toBe(historyAllCount);
  });

  it('takes an option that is undefined for one that is not given', () => {
    const nothing = Object.fromEntries(
      [...NUMBERS, 'paths', 'idempotency', 'origins'].map((name) => [name, undefined]),
    );
    const { maxConnections, paths, idempotency, origins } = resolveOptions(nothing);

    expect([maxConnections, paths.ws, idempotency.maxKeys, origins]).toEqual([20_000, '/push/ws', 100_000, []]);
  });

  it('keeps what the host says', () => {
    const auth = { jwt: { secret: 'a-secret-of-some-length-as-it-should', algorithms: ['HS256'] } };
    const backing = { name: 'own', create: () => undefined };
    const given = {
      auth,
      backing,
      origins: ['https://*.shop.example'],
      trustProxy: 1,
      paths: { ws: '/live' },
      idempotency: { maxKeys: 5 },
      revocations: { ttlSeconds: 60 },
      heartbeatMs: 1_000,
    };

    expect(resolveOptions(given)).toMatchObject({ ...given, idempotency: { maxKeys: 5, ttlSeconds: 86_400 } });
  });

  it('takes events as classes with @PushEvent() and as declarations', () => {
    @PushEvent('price.tick', { slowReader: 'coalesce', maxWaitingMs: 1_000 })
    class Tick {}
    const line = { name: 'log.line', slowReader: 'dropOldest' };

    expect(resolveOptions({ events: [Tick, line] }).events).toEqual([
      { name: 'price.tick', slowReader: 'coalesce', maxWaitingMs: 1_000, type: Tick },
      line,
    ]);
  });

  it.each([
    ['no list', {}, '/events'],
    ['a class without @PushEvent()', [class {}], '/events/0'],
    ['a text', ['e'], '/events/0'],
    ['no name', [{}], '/events/0/name'],
    ['a reserved name', [{ name: 'push:gap' }], '/events/0/name'],
    ['a name twice', [{ name: 'e' }, { name: 'e' }], '/events/1/name'],
    ['an unknown policy', [{ name: 'e', slowReader: 'wait' }], '/events/0/slowReader'],
    ['no room', [{ name: 'e', maxWaitingBytes: 0 }], '/events/0/maxWaitingBytes'],
    ['a time that is none', [{ name: 'e', maxWaitingMs: '1' }], '/events/0/maxWaitingMs'],
    ['an unknown member', [{ name: 'e', other: 1 }], '/events/0/other'],
    ['a direction that is none', [{ name: 'e', direction: 'up' }], '/events/0/direction'],
    ['a name twice in a direction', [{ name: 'e', direction: 'both' }, { name: 'e' }], '/events/1/name'],
    ['a schema of no standard', [{ name: 'e', schema: { type: 'object' } }], '/events/0/schema'],
    ['a type that is no class', [{ name: 'e', type: {} }], '/events/0/type'],
    ['a JSON Schema that is a text', [{ name: 'e', jsonSchema: '{}' }], '/events/0/jsonSchema'],
    ['a description that is none', [{ name: 'e', description: 7 }], '/events/0/description'],
  ])('refuses events with %s', (_, events, pointer) => {
    expect(pointersOf({ events })).toEqual([pointer]);
  });

  it('takes an event once for each direction', () => {
    const events = [
      { name: 'e', direction: 'in' },
      { name: 'e', direction: 'out' },
    ];
    expect(resolveOptions({ events }).events).toEqual(events);
  });

  it('judges outgoing data by default, but not in production', () => {
    const before = process.env['NODE_ENV'];
    try {
      process.env['NODE_ENV'] = 'production';
      expect(resolveOptions({}).validateOutgoing).toBe(false);
      expect(resolveOptions({ validateOutgoing: 'warn' }).validateOutgoing).toBe('warn');
      process.env['NODE_ENV'] = 'development';
      expect(resolveOptions({}).validateOutgoing).toBe(true);
    } finally {
      process.env['NODE_ENV'] = before;
    }
    expect(pointersOf({ validateOutgoing: 'yes' })).toEqual(['/validateOutgoing']);
  });

  it('freezes the result', () => {
    expect(Object.isFrozen(resolveOptions({}))).toBe(true);
  });

  it.each(NUMBERS)('refuses a %s that is no whole number in its range', (name) => {
    for (const value of [-1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53, '10', null, true]) {
      expect(pointersOf({ [name]: value })).toEqual([`/${name}`]);
    }
  });

  it.each([
    ['flushWindowMs', 1_000, 1_001],
    ['maxFrameBytes', 128, 127],
    ['maxQueueBytes', 1_024, 1_023],
    ['heartbeatMs', 10, 9],
    ['maxPayloadBytes', 2, 1],
    ['maxConnections', 1, 0],
    ['maxPerIp', 0, -1],
    ['ipv6PrefixBits', 32, 31],
    ['ipv6PrefixBits', 128, 129],
    ['drainMs', 0, -1],
  ])('takes a %s of %d and refuses one of %d', (name, within, beyond) => {
    expect(resolveOptions({ [name]: within })).toHaveProperty(name, within);
    expect(pointersOf({ [name]: beyond })).toEqual([`/${name}`]);
  });

  it.each([
    [undefined, '/options'],
    [null, '/options'],
    ['options', '/options'],
    [[], '/options'],
    [{ heartbeat: 5 }, '/heartbeat'],
    [{ paths: '/live' }, '/paths'],
    [{ paths: { ws: 'live' } }, '/paths/ws'],
    [{ paths: { ws: '/live?x=1' } }, '/paths/ws'],
    [{ paths: { poll: '/push/sse' } }, '/paths/poll'],
    [{ paths: { sse: '/live', poll: '/live' } }, '/paths/poll'],
    [{ paths: { sse: '/push/:name' } }, '/paths/sse'],
    [{ paths: { websocket: '/live' } }, '/paths/websocket'],
    [{ idempotency: 5 }, '/idempotency'],
    [{ idempotency: { maxKeys: 0 } }, '/idempotency/maxKeys'],
    [{ idempotency: { ttl: 5 } }, '/idempotency/ttl'],
    [{ revocations: { maxEntries: '5' } }, '/revocations/maxEntries'],
    [{ backing: 'redis' }, '/backing'],
    [{ backing: null }, '/backing'],
    [{ origins: 'https://shop.example' }, '/origins'],
    [{ trustProxy: 'everyone' }, '/trustProxy'],
    [{ auth: { jwt: { algorithms: ['HS256'] } } }, '/auth/jwt'],
    [{ auth: { token: 'x' } }, '/auth/token'],
  ])('refuses %j at %s', (options, pointer) => {
    expect(pointersOf(options)).toEqual([pointer]);
  });

  it.each([['constructor'], ['toString'], ['__proto__']])('does not take %s for an option that it knows', (name) => {
    expect(pointersOf(JSON.parse(`{"idempotency":{"${name}":1}}`))).toEqual([`/idempotency/${name}`]);
    expect(pointersOf(JSON.parse(`{"paths":{"${name}":"/x"}}`))).toEqual([`/paths/${name}`]);
    expect(pointersOf(JSON.parse(`{"${name}":1}`))).toEqual([`/${name}`]);
  });

  it('lists every problem in one error, with its path, what was received and what was expected', () => {
    const refusal = refusalOf({
      heartbeat: 5,
      maxConnections: 'many',
      drainMs: -1,
      paths: { ws: 'live' },
      idempotency: { ttlSeconds: 0 },
      origins: ['shop.example'],
      backing: 'redis',
    });

    expect(refusal.code).toBe('PUSH_ERR_INVALID_OPTION');
    expect([...(refusal.errors ?? [])].map(({ pointer }) => pointer).sort()).toEqual(
      [
        '/heartbeat',
        '/maxConnections',
        '/drainMs',
        '/origins/0',
        '/backing',
        '/paths/ws',
        '/idempotency/ttlSeconds',
      ].sort(),
    );
    expect(refusal.message.split('\n')).toEqual(
      expect.arrayContaining([
        '  maxConnections: received "many", expected a whole number of at least 1',
        '  drainMs: received -1, expected a whole number from 0 to 86400000',
        '  heartbeat: received an option, expected no option of this name',
        '  paths.ws: received "live", expected an absolute path such as /push/ws',
        '  idempotency.ttlSeconds: received 0, expected a whole number of at least 1',
      ]),
    );
  });

  it('wants the keys of an issuer to come before a handshake is given up', () => {
    const jwt = { jwksUri: 'https://issuer.example/keys', algorithms: ['RS256' as const] };

    expect(() => resolveOptions({ auth: { jwt } })).not.toThrow();
    expect(() => resolveOptions({ auth: { jwt }, authTimeoutMs: 3_000 })).toThrow(
      'auth.jwt.jwks.timeoutMs: received 3000, expected less than authTimeoutMs, which is 3000',
    );
    expect(() =>
      resolveOptions({ auth: { jwt: { ...jwt, jwks: { timeoutMs: 100 } } }, authTimeoutMs: 101 }),
    ).not.toThrow();
  });

  it('repeats no text where a secret may stand', () => {
    const secret = 'super-secret-text';
    const places = [
      { auth: { jwt: { secret, algorithms: [] } } },
      { auth: { jwt: { secret: [secret], algorithms: secret } } },
      { auth: { jwt: secret } },
      { auth: secret },
      { backing: secret },
    ];
    for (const place of places) {
      const { message, errors } = refusalOf(place);
      expect(message + JSON.stringify(errors)).not.toContain(secret);
    }
  });

  it('repeats a long text in part', () => {
    expect(refusalOf({ drainMs: 'x'.repeat(1_000) }).message.length).toBeLessThan(300);
  });
});
