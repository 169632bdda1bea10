import type { ConnectionOptions } from 'node:tls';

/** Where a server listens. */
export interface RedisAddress {
  readonly host: string;
  readonly port: number;
}

/** TLS: `true` for what Node trusts, or what else `tls.connect` takes, such as `ca`, `cert`, `key` and `servername`. */
export type RedisTls = boolean | ConnectionOptions;

/** Redis behind Sentinel, which knows which of several servers is the master. */
export interface SentinelBackingOptions {
  /** What the Sentinels call the master. */
  readonly name: string;
  /** Some of the Sentinels. They tell of the others. */
  readonly nodes: readonly RedisAddress[];
  /** The user at the Sentinels. */
  readonly username?: string | undefined;
  /** The password at the Sentinels. */
  readonly password?: string | undefined;
  /**
   * For the connections to the Sentinels.
   * @default false
   */
  readonly tls?: RedisTls | undefined;
}

/** Redis Cluster. */
export interface ClusterBackingOptions {
  /** Some of its servers. They tell of the others. */
  readonly nodes: readonly RedisAddress[];
}

/** How to reach Redis, by exactly one of `url`, `sentinel` and `cluster`, and what of it is this application's. */
export interface RedisBackingOptions {
  /**
   * Such as `redis://user:password@redis.example:6379/0`; `rediss://` for TLS. The server is a standalone one, or a name
   * that leads to whichever is the master.
   */
  readonly url?: string | undefined;
  /** Sentinels that lead to the master. */
  readonly sentinel?: SentinelBackingOptions | undefined;
  /** A Redis Cluster, of version 7.0 or later: it is listened to by sharded pub/sub. */
  readonly cluster?: ClusterBackingOptions | undefined;
  /** The user at the servers behind `sentinel` or `cluster`; with `url` it stands there. */
  readonly username?: string | undefined;
  /** The password at the servers behind `sentinel` or `cluster`; with `url` it stands there. */
  readonly password?: string | undefined;
  /**
   * The number of the database behind `sentinel`; with `url` it stands there, and a Cluster has but one.
   * @default 0
   */
  readonly database?: number | undefined;
  /**
   * For the connections to the servers. With `url` it says how, where that begins with `rediss:`.
   * @default false
   */
  readonly tls?: RedisTls | undefined;
  /**
   * Where to connect in place of the addresses that Sentinels and a Cluster tell, by `host:port`. For servers behind a
   * translation of addresses, as in containers.
   * @default {}
   */
  readonly natMap?: Readonly<Record<string, RedisAddress>> | undefined;
  /**
   * What the nodes know each other's messages by, the same on all of them, at least 16 characters. Without it one is made up
   * and kept in Redis, where whoever can read keys can read it.
   */
  readonly secret?: string | undefined;
  /**
   * Before the names of all keys and channels. Applications that share a Redis each have one of their own.
   * @default 'push'
   */
  readonly keyPrefix?: string | undefined;
  /**
   * How many partitions the log has, up to 16: users and groups are spread over them, and on a Cluster they lie on
   * different servers. The same on all nodes, and for good: with another number the places of clients are none of the log,
   * and they are told of a gap.
   * @default 1
   */
  readonly partitions?: number | undefined;
}

/** Applies where {@link RedisBackingOptions.partitions} is left out. */
export const DEFAULT_PARTITIONS = 1;

/** As many places as a cursor has room for, and then some to spare. */
export const MAX_PARTITIONS = 16;

/** Applies where {@link RedisBackingOptions.keyPrefix} is left out. */
export const DEFAULT_KEY_PREFIX = 'push';
