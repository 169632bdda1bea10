/**
 * What the demo can be told from outside, as one typed object. Only what is set is handed on: the module's own defaults
 * stay the module's. The README lists the variables.
 */
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createSecureContext } from 'node:tls';
import { EnvironmentReader } from './environment-reader.js';

/** The module's options that have a variable of their own. */
export interface PushLimits {
  maxConnections?: number;
  maxPerUser?: number;
  maxPerIp?: number;
  heartbeatMs?: number;
  maxQueueBytes?: number;
  flushWindowMs?: number;
  drainMs?: number;
  historyCount?: number;
  historySeconds?: number;
}

/** A key and its certificate, as PEM. */
export interface TlsFiles {
  readonly key: Buffer;
  readonly cert: Buffer;
}

/** Where and on what the demo runs. */
export interface DemoEnvironment {
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  readonly platform: 'fastify' | 'express';
  readonly jwtSecret: string;
  /** Origins that may connect beside the demo's own. */
  readonly origins: readonly string[];
  readonly limits: Readonly<PushLimits>;
  /** The Redis that the nodes of the shop share; undefined where it is one node, in memory. May hold a password. */
  readonly redisUrl: string | undefined;
  /** What this node calls itself, for who looks at the page; undefined where it has only the id of the module. */
  readonly nodeName: string | undefined;
  readonly tls: TlsFiles | undefined;
  /** Whether `POST /auth/token` gives a token to anyone who asks. */
  readonly allowsSignIn: boolean;
  /** What whoever starts the demo should know; never holds a secret. */
  readonly notices: readonly string[];
}

interface LimitVariable {
  readonly option: keyof PushLimits;
  readonly least: number;
  readonly most: number;
}

const DAY_MS = 86_400_000;
const COUNT = 10_000_000;

const LIMITS: Readonly<Record<string, LimitVariable>> = {
  PUSH_MAX_CONNECTIONS: { option: 'maxConnections', least: 1, most: COUNT },
  PUSH_MAX_PER_USER: { option: 'maxPerUser', least: 1, most: COUNT },
  PUSH_MAX_PER_IP: { option: 'maxPerIp', least: 0, most: COUNT },
  PUSH_HEARTBEAT_MS: { option: 'heartbeatMs', least: 10, most: DAY_MS },
  PUSH_HISTORY_COUNT: { option: 'historyCount', least: 0, most: COUNT },
  PUSH_HISTORY_SECONDS: { option: 'historySeconds', least: 0, most: COUNT },
  PUSH_MAX_QUEUE_BYTES: { option: 'maxQueueBytes', least: 1024, most: 2 ** 31 },
  PUSH_FLUSH_WINDOW_MS: { option: 'flushWindowMs', least: 0, most: 50 },
  PUSH_DRAIN_MS: { option: 'drainMs', least: 0, most: DAY_MS },
};

/**
 * Reads the environment.
 * @throws EnvironmentError that lists every variable that can't be used
 */
export function readEnvironment(variables: Readonly<Record<string, string | undefined>>): DemoEnvironment {
  const reader = new EnvironmentReader(variables);
  const notices: string[] = [];
  const environment: DemoEnvironment = {
    host: reader.text('HOST') ?? '127.0.0.1',
    port: reader.wholeNumber('PORT', 0, 65_535) ?? 3000,
    platform: reader.oneOf('PLATFORM', ['fastify', 'express'], 'fastify'),
    redisUrl: readRedisUrl(reader, notices),
    nodeName: reader.text('DEMO_NODE'),
    jwtSecret: readSecret(reader, notices),
    origins: reader.list('PUSH_ORIGINS', isOrigin, 'origins such as https://shop.example or https://*.shop.example'),
    limits: readLimits(reader),
    tls: readTls(reader),
    allowsSignIn: reader.oneOf('DEMO_SIGN_IN', ['on', 'off'], 'on') === 'on',
    notices,
  };
  reader.finish();
  return environment;
}

function readSecret(reader: EnvironmentReader, notices: string[]): string {
  const given = reader.text('PUSH_JWT_SECRET');
  if (given !== undefined) return given;
  notices.push('PUSH_JWT_SECRET is not set: a secret was made up for this run; its tokens end with it');
  return randomBytes(32).toString('base64url');
}

function readLimits(reader: EnvironmentReader): PushLimits {
  const limits: PushLimits = {};
  for (const [variable, { option, least, most }] of Object.entries(LIMITS)) {
    const value = reader.wholeNumber(variable, least, most);
    if (value !== undefined) limits[option] = value;
  }
  return limits;
}

function readTls(reader: EnvironmentReader): TlsFiles | undefined {
  const key = readFile(reader, 'TLS_KEY', 'TLS_CERT');
  const cert = readFile(reader, 'TLS_CERT', 'TLS_KEY');
  if (key === undefined || cert === undefined) return undefined;
  try {
    createSecureContext({ key, cert });
    return { key, cert };
  } catch (error) {
    reader.report(
      'TLS_KEY',
      `with TLS_CERT it does not work (${messageOf(error)})`,
      'a PEM key that fits the certificate',
    );
    return undefined;
  }
}

function readFile(reader: EnvironmentReader, variable: string, other: string): Buffer | undefined {
  const path = reader.text(variable);
  if (path === undefined) {
    if (reader.text(other) !== undefined) reader.report(variable, 'not set', `a file, because ${other} is set`);
    return undefined;
  }
  try {
    return readFileSync(path);
  } catch (error) {
    reader.report(variable, messageOf(error), 'a PEM file that can be read');
    return undefined;
  }
}

function readRedisUrl(reader: EnvironmentReader, notices: string[]): string | undefined {
  const url = reader.text('PUSH_REDIS_URL');
  if (url === undefined) return undefined;
  if (!URL.canParse(url) || !/^rediss?:$/.test(new URL(url).protocol)) {
    // It may hold a password, so it is not repeated.
    reader.report('PUSH_REDIS_URL', `received a text of ${url.length} characters`, 'an address, redis://host:port');
    return undefined;
  }
  if (reader.text('PUSH_JWT_SECRET') === undefined)
    notices.push('PUSH_REDIS_URL is set: other nodes take the tokens of this one only if PUSH_JWT_SECRET is the same');
  return url;
}

function isOrigin(text: string): boolean {
  if (!/^[a-z][a-z0-9+.-]*:\/\/(\*\.)?[^/*?#@\s]+$/i.test(text)) return false;
  return URL.canParse(text.replace('*.', ''));
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
