/** Checks and defaults of all options, once at start: one error that lists every problem, or the frozen result. */
import { IPV6_BITS } from './auth/address-network.js';
import { JWKS_DEFAULTS, checkAuthOptions } from './auth/auth-options.js';
import { checkTrustProxy } from './auth/client-address.js';
import { checkOrigins } from './auth/origin-policy.js';
import type { BackingFactory } from './backing/backing.interface.js';
import { memory } from './backing/memory/memory-backing.js';
import { defaultHistoryAllCount } from './backing/message-log.interface.js';
import { describeReceived, quoteReceived, throwIfAnyOption } from './core/option-problem.js';
import type { OptionProblem } from './core/option-problem.js';
import { readMetricsOptions } from './ops/metrics-options.js';
import type { ResolvedMetricsOptions } from './ops/metrics-options.js';
import type { PushModuleOptions } from './push-options.interface.js';
import { EXTRA_NAMES } from './push.module-definition.js';
import { readEvents, readValidateOutgoing } from './push/event-declarations.js';
import type { PushEventDeclaration } from './push/push-event.decorator.js';

/** The options with their defaults, as the parts get them. */
export type ResolvedPushOptions = Required<
  Omit<PushModuleOptions, 'auth' | 'paths' | 'idempotency' | 'revocations' | 'tickets' | 'events' | 'metrics'>
> & {
  readonly events: readonly PushEventDeclaration[];
  readonly auth: PushModuleOptions['auth'];
  readonly paths: Required<NonNullable<PushModuleOptions['paths']>>;
  readonly idempotency: Required<NonNullable<PushModuleOptions['idempotency']>>;
  readonly revocations: Required<NonNullable<PushModuleOptions['revocations']>>;
  readonly tickets: Required<NonNullable<PushModuleOptions['tickets']>>;
  readonly metrics: ResolvedMetricsOptions;
};

/** A whole number with its default and range. */
interface NumberRule {
  readonly default: number;
  readonly min: number;
  readonly max: number;
}

const DAY_MS = 86_400_000;

function wholeNumber(byDefault: number, min: number, max = Number.MAX_SAFE_INTEGER): NumberRule {
  return { default: byDefault, min, max };
}

/** Options that are numbers, by path. */
export const NUMBER_OPTIONS = {
  maxConnections: wholeNumber(20_000, 1),
  maxPerUser: wholeNumber(100, 1),
  maxPerIp: wholeNumber(0, 0),
  ipv6PrefixBits: wholeNumber(64, 32, IPV6_BITS),
  maxPendingHandshakes: wholeNumber(1_000, 1),
  maxHandshakesPerSecond: wholeNumber(0, 0),
  maxEventLoopDelayMs: wholeNumber(250, 0),
  authTimeoutMs: wholeNumber(5_000, 1, DAY_MS),
  maxGroupsPerConnection: wholeNumber(100, 0),
  maxIdleTenants: wholeNumber(1_000, 0),
  maxFramesPerSecond: wholeNumber(100, 1),
  maxUserFramesPerSecond: wholeNumber(0, 0),
  maxWaitingFrames: wholeNumber(16, 1),
  maxFrameBytes: wholeNumber(65_536, 128, 256 * 1024 * 1024),
  upstreamTimeoutMs: wholeNumber(30_000, 1, DAY_MS),
  validationTimeoutMs: wholeNumber(5_000, 1, DAY_MS),
  heartbeatMs: wholeNumber(25_000, 10, DAY_MS),
  heartbeatTimeoutMs: wholeNumber(10_000, 10, DAY_MS),
  expiringNoticeMs: wholeNumber(60_000, 0, DAY_MS),
  stallTimeoutMs: wholeNumber(30_000, 10, DAY_MS),
  maxQueueBytes: wholeNumber(1_048_576, 1_024),
  maxTotalQueueBytes: wholeNumber(256 * 1024 * 1024, 1_024),
  flushWindowMs: wholeNumber(0, 0, 1_000),
  maxPayloadBytes: wholeNumber(65_536, 2, 256 * 1024 * 1024),
  maxTargets: wholeNumber(10_000, 1),
  maxSendsPerSecond: wholeNumber(0, 0),
  historyCount: wholeNumber(100, 0),
  historySeconds: wholeNumber(300, 0),
  historyAllCount: wholeNumber(1_000, 0),
  maxHistoryBytes: wholeNumber(256 * 1024 * 1024, 0),
  drainMs: wholeNumber(5_000, 0, DAY_MS),
  maxLifecycleEvents: wholeNumber(10_000, 1),
  drainWindowMs: wholeNumber(0, 0, DAY_MS),
} as const satisfies Record<string, NumberRule>;

const IDEMPOTENCY_NUMBERS = {
  ttlSeconds: wholeNumber(86_400, 1),
  maxKeys: wholeNumber(100_000, 1),
  maxBytes: wholeNumber(64 * 1024 * 1024, 1_024),
} as const satisfies Record<string, NumberRule>;

const REVOCATION_NUMBERS = {
  ttlSeconds: wholeNumber(2_592_000, 1),
  maxEntries: wholeNumber(100_000, 1),
} as const satisfies Record<string, NumberRule>;

const TICKET_NUMBERS = {
  ttlSeconds: wholeNumber(30, 1),
  maxTickets: wholeNumber(100_000, 1),
} as const satisfies Record<string, NumberRule>;

const PATH_DEFAULTS = {
  ws: '/push/ws',
  sse: '/push/sse',
  poll: '/push/poll',
  upstream: '/push/upstream',
  handshake: '/push/handshake',
  ticket: '/push/ticket',
} as const;
const ABSOLUTE_PATH = /^\/[A-Za-z0-9._~/-]*$/;

const OTHER_OPTIONS = [
  'auth',
  'origins',
  'trustProxy',
  'paths',
  'backing',
  'idempotency',
  'revocations',
  'tickets',
  'events',
  'validateOutgoing',
  'metrics',
  'logConnections',
  'tracing',
];
/** What decorators need comes too late from a factory. */
const BESIDE_FACTORY = 'none of this name here: with forRootAsync it stands beside useFactory';
const KNOWN_OPTIONS = new Set([...Object.keys(NUMBER_OPTIONS), ...OTHER_OPTIONS]);

type Members = Readonly<Record<string, unknown>>;

/** Throws one PushError `PUSH_ERR_INVALID_OPTION` that lists every problem of the options. */
export function resolveOptions(raw: unknown): ResolvedPushOptions {
  const { resolved, problems } = readOptions(raw);
  throwIfAnyOption(problems);
  return Object.freeze(resolved);
}

/** What is wrong with the options. */
export function optionProblems(raw: unknown): readonly OptionProblem[] {
  return readOptions(raw).problems;
}

function readOptions(raw: unknown) {
  const problems: OptionProblem[] = [];
  const options = asMembers(raw, '', problems);
  for (const key of Object.keys(options)) {
    if (KNOWN_OPTIONS.has(key)) continue;
    const expected = EXTRA_NAMES.has(key) ? BESIDE_FACTORY : 'no option of this name';
    problems.push({ path: key, received: 'an option', expected });
  }
  const resolved: ResolvedPushOptions = {
    ...readRootNumbers(options, problems),
    ...readRest(options, problems),
    paths: readPaths(options['paths'], problems),
    events: readEvents(options['events'], problems),
    validateOutgoing: readValidateOutgoing(options['validateOutgoing'], problems),
    idempotency: readSlice(options['idempotency'], 'idempotency', IDEMPOTENCY_NUMBERS, problems),
    revocations: readSlice(options['revocations'], 'revocations', REVOCATION_NUMBERS, problems),
    tickets: readSlice(options['tickets'], 'tickets', TICKET_NUMBERS, problems),
    metrics: readMetricsOptions(options['metrics'], problems),
  };
  // Only whole values can be held against each other.
  if (problems.length === 0) problems.push(...jwksProblems(resolved), ...metricsPathProblems(resolved));
  return { resolved, problems };
}

/** A handshake that ends before the keys could come would never be let in by the last good ones. */
function jwksProblems({ auth, authTimeoutMs }: ResolvedPushOptions): OptionProblem[] {
  if (auth?.jwt?.jwksUri === undefined) return [];
  const timeoutMs = auth.jwt.jwks?.timeoutMs ?? JWKS_DEFAULTS.timeoutMs;
  if (timeoutMs < authTimeoutMs) return [];
  const expected = `less than authTimeoutMs, which is ${authTimeoutMs}`;
  return [{ path: 'auth.jwt.jwks.timeoutMs', received: String(timeoutMs), expected }];
}

function readRootNumbers(options: Members, problems: OptionProblem[]) {
  const numbers = readNumbers(options, '', NUMBER_OPTIONS, problems);
  if (options['historyAllCount'] !== undefined) return numbers;
  return { ...numbers, historyAllCount: defaultHistoryAllCount(numbers.historyCount) };
}

function readRest(options: Members, problems: OptionProblem[]) {
  const {
    auth,
    origins = [],
    trustProxy = false,
    backing = memory(),
    logConnections = false,
    tracing = true,
  } = options as PushModuleOptions;
  if (auth !== undefined) problems.push(...checkAuthOptions(auth, 'auth'));
  problems.push(...checkOrigins(origins, 'origins'), ...checkTrustProxy(trustProxy, 'trustProxy'));
  problems.push(...checkBacking(backing));
  for (const [path, value] of Object.entries({ logConnections, tracing })) {
    if (typeof value !== 'boolean') problems.push({ path, received: quoteReceived(value), expected: 'true or false' });
  }
  return { logConnections, tracing, auth, origins, trustProxy, backing };
}

function checkBacking(backing: Partial<BackingFactory> | null): readonly OptionProblem[] {
  if (typeof backing?.create !== 'function')
    return [{ path: 'backing', received: describeReceived(backing), expected: 'a backing, such as redis({ url })' }];
  const own = backing.check?.() ?? [];
  return own.map(({ path, ...problem }) => ({ path: path === '' ? 'backing' : `backing.${path}`, ...problem }));
}

function readPaths(value: unknown, problems: OptionProblem[]): ResolvedPushOptions['paths'] {
  const given = value === undefined ? {} : asMembers(value, 'paths', problems);
  for (const [key, path] of Object.entries(given)) {
    const at = `paths.${key}`;
    if (!Object.hasOwn(PATH_DEFAULTS, key))
      problems.push({ path: at, received: 'an option', expected: 'no option of this name' });
    else if (path !== undefined && !(typeof path === 'string' && ABSOLUTE_PATH.test(path))) {
      problems.push({ path: at, received: quoteReceived(path), expected: 'an absolute path such as /push/ws' });
    }
  }
  const paths = { ...PATH_DEFAULTS, ...withoutUndefined(given) } as ResolvedPushOptions['paths'];
  problems.push(...samePathProblems(paths));
  return paths;
}

/** What two parts would answer is answered by the first alone, so nobody may want the same path. */
function samePathProblems(paths: Readonly<Record<string, unknown>>): OptionProblem[] {
  const owners = new Map<unknown, string>();
  return Object.entries(paths).flatMap(([key, path]) => {
    const owner = owners.get(path);
    owners.set(path, owner ?? key);
    if (owner === undefined || typeof path !== 'string') return [];
    return [{ path: `paths.${key}`, received: `'${path}'`, expected: `another path than paths.${owner}` }];
  });
}

function metricsPathProblems({ metrics, paths }: ResolvedPushOptions): OptionProblem[] {
  if (metrics === false) return [];
  const [owner] = Object.entries(paths).find(([, path]) => path === metrics.path) ?? [];
  if (owner === undefined) return [];
  return [{ path: 'metrics.path', received: `'${metrics.path}'`, expected: `another path than paths.${owner}` }];
}

function withoutUndefined(members: Members): Members {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined));
}

function readSlice<Rules extends Record<string, NumberRule>>(
  value: unknown,
  path: string,
  rules: Rules,
  problems: OptionProblem[],
): Record<keyof Rules, number> {
  const given = value === undefined ? {} : asMembers(value, path, problems);
  for (const key of Object.keys(given)) {
    if (!Object.hasOwn(rules, key))
      problems.push({ path: `${path}.${key}`, received: 'an option', expected: 'no option of this name' });
  }
  return readNumbers(given, `${path}.`, rules, problems);
}

function readNumbers<Rules extends Record<string, NumberRule>>(
  given: Members,
  prefix: string,
  rules: Rules,
  problems: OptionProblem[],
): Record<keyof Rules, number> {
  const read = Object.entries(rules).map(([key, { default: byDefault, min, max }]) => {
    const value = given[key];
    if (value === undefined) return [key, byDefault];
    if (!(Number.isSafeInteger(value) && (value as number) >= min && (value as number) <= max)) {
      const upTo = max === Number.MAX_SAFE_INTEGER ? `of at least ${min}` : `from ${min} to ${max}`;
      problems.push({ path: prefix + key, received: quoteReceived(value), expected: `a whole number ${upTo}` });
    }
    return [key, value];
  });
  return Object.fromEntries(read) as Record<keyof Rules, number>;
}

function asMembers(value: unknown, path: string, problems: OptionProblem[]): Members {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Members;
  problems.push({ path: path || 'options', received: describeReceived(value), expected: 'an object' });
  return {};
}
