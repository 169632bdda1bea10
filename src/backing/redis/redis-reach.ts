import type { Clock } from '../../core/clock.js';
import { ClusterConnections } from './cluster-connections.js';
import { COMMAND_TIMEOUT_MS, retryDelayMs } from './connection-settings.js';
import type { RedisConnections } from './redis-connections.js';
import type { RedisBackingOptions, RedisTls, SentinelBackingOptions } from './redis-options.js';
import { StandaloneConnections } from './standalone-connections.js';
import type { ServerReach } from './standalone-connections.js';

/** The connections to the Redis that the options lead to, not begun. The options have been checked. */
export function connectRedis(options: RedisBackingOptions, clock: Clock): RedisConnections {
  const { url, sentinel, cluster, username, password, database = 0, natMap = {} } = options;
  const access = { ...given({ username, password }), ...tlsOf('tls', options.tls) };
  if (cluster) return new ClusterConnections({ nodes: cluster.nodes, access, natMap }, clock);
  if (sentinel) {
    const way = sentinelReach(sentinel);
    const isSecure = access.tls !== undefined;
    const server = { ...access, ...way, db: database, natMap: { ...natMap }, enableTLSForSentinelMode: isSecure };
    return new StandaloneConnections(server, clock);
  }
  return new StandaloneConnections(serverOf(url ?? '', options.tls), clock);
}

/** What a URL says of a server. */
export function serverOf(url: string, tls?: RedisTls): ServerReach {
  const { protocol, hostname, port, username, password, pathname } = new URL(url);
  return {
    // The brackets of an IPv6 address are the URL's.
    host: hostname.replace(/^\[|\]$/g, ''),
    port: port === '' ? 6_379 : Number(port),
    ...given({
      username: decodeURIComponent(username) || undefined,
      password: decodeURIComponent(password) || undefined,
    }),
    db: Number(pathname.slice(1)),
    ...tlsOf('tls', protocol === 'rediss:' ? tls || true : undefined),
  };
}

function sentinelReach({ name, nodes, username, password, tls }: SentinelBackingOptions): ServerReach {
  return {
    name,
    role: 'master',
    sentinels: nodes.map((node) => ({ ...node })),
    ...given({ sentinelUsername: username, sentinelPassword: password }),
    ...tlsOf('sentinelTLS', tls),
    sentinelCommandTimeout: COMMAND_TIMEOUT_MS,
    sentinelRetryStrategy: retryDelayMs,
  };
}

/** For the driver an option that is there and undefined is not the same as one that is left out. */
function given<Options extends object>(options: Options): { [Name in keyof Options]: NonNullable<Options[Name]> } {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as never;
}

function tlsOf<Name extends string>(name: Name, tls: RedisTls | undefined): { [Key in Name]?: object } {
  if (tls === undefined || tls === false) return {};
  return { [name]: tls === true ? {} : { ...tls } } as { [Key in Name]?: object };
}
