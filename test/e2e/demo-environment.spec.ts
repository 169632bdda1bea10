import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { EnvironmentError } from '../../demo/environment-reader.js';
import { readEnvironment } from '../../demo/environment.js';
import { selfSignedCertificate } from '../support/self-signed-certificate.js';

type Variables = Readonly<Record<string, string>>;

/** The variables that an environment is refused for. */
function refused(variables: Variables): string[] {
  try {
    readEnvironment(variables);
    return [];
  } catch (error) {
    if (!(error instanceof EnvironmentError)) throw error;
    return error.problems.map(({ variable }) => variable);
  }
}

function messageOf(variables: Variables): string {
  try {
    readEnvironment(variables);
  } catch (error) {
    if (error instanceof EnvironmentError) return error.message;
    throw error;
  }
  return '';
}

describe("the demo's environment", () => {
  let folder: string;
  let keyFile: string;
  let certFile: string;

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'push-demo-'));
    const { key, cert } = selfSignedCertificate();
    keyFile = join(folder, 'key.pem');
    certFile = join(folder, 'cert.pem');
    writeFileSync(keyFile, key);
    writeFileSync(certFile, cert);
  });

  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('needs nothing', () => {
    expect(readEnvironment({})).toMatchObject({
      host: '127.0.0.1',
      port: 3000,
      platform: 'fastify',
      origins: [],
      limits: {},
      tls: undefined,
      allowsSignIn: true,
    });
  });

  it('counts an empty variable as not set', () => {
    const { port, limits, allowsSignIn } = readEnvironment({ PORT: '', PUSH_DRAIN_MS: ' ', DEMO_SIGN_IN: '' });
    expect({ port, limits, allowsSignIn }).toEqual({ port: 3000, limits: {}, allowsSignIn: true });
  });

  it('makes up a secret for each run and says so without telling it', () => {
    const [first, second] = [readEnvironment({}), readEnvironment({})];
    expect(first.jwtSecret).toHaveLength(43);
    expect(first.jwtSecret).not.toBe(second.jwtSecret);
    expect(first.notices).toEqual([expect.stringContaining('PUSH_JWT_SECRET is not set')]);
    expect(first.notices.join()).not.toContain(first.jwtSecret);
  });

  it('takes the secret that it is given, and has nothing to say', () => {
    const { jwtSecret, notices } = readEnvironment({ PUSH_JWT_SECRET: 'a secret of some length, at least' });
    expect({ jwtSecret, notices }).toEqual({ jwtSecret: 'a secret of some length, at least', notices: [] });
  });

  it('hands on exactly the limits that are set', () => {
    const { limits } = readEnvironment({
      PUSH_MAX_CONNECTIONS: '10',
      PUSH_MAX_PER_USER: '2',
      PUSH_MAX_PER_IP: '0',
      PUSH_HEARTBEAT_MS: '1000',
      PUSH_MAX_QUEUE_BYTES: '4096',
      PUSH_FLUSH_WINDOW_MS: '5',
      PUSH_DRAIN_MS: '0',
    });
    expect(limits).toEqual({
      maxConnections: 10,
      maxPerUser: 2,
      maxPerIp: 0,
      heartbeatMs: 1000,
      maxQueueBytes: 4096,
      flushWindowMs: 5,
      drainMs: 0,
    });
  });

  it('takes the address of a Redis, and says what its nodes must have in common', () => {
    const redisUrl = 'rediss://user:password@redis.example/1';
    const { notices, ...alone } = readEnvironment({ PUSH_REDIS_URL: redisUrl, DEMO_NODE: '2' });
    expect(alone).toMatchObject({ redisUrl, nodeName: '2' });
    expect(notices).toContainEqual(expect.stringContaining('only if PUSH_JWT_SECRET is the same'));
    expect(notices.join()).not.toContain('password');
    expect(readEnvironment({ PUSH_REDIS_URL: redisUrl, PUSH_JWT_SECRET: 'the same everywhere' }).notices).toEqual([]);
    expect(readEnvironment({}).redisUrl).toBeUndefined();
  });

  it('reads a list of origins', () => {
    const { origins } = readEnvironment({
      PUSH_ORIGINS: 'https://shop.example, https://*.shop.example ,http://[::1]:8080,',
    });
    expect(origins).toEqual(['https://shop.example', 'https://*.shop.example', 'http://[::1]:8080']);
  });

  it('reads a key and its certificate', () => {
    const { tls } = readEnvironment({ TLS_KEY: keyFile, TLS_CERT: certFile });
    expect(String(tls?.cert)).toContain('BEGIN CERTIFICATE');
  });

  it('can keep no messages for those who are away', () => {
    const { limits } = readEnvironment({ PUSH_HISTORY_COUNT: '0', PUSH_HISTORY_SECONDS: '0' });
    expect(limits).toEqual({ historyCount: 0, historySeconds: 0 });
  });

  it.each([
    ['PORT', '65536'],
    ['PORT', '80.5'],
    ['PORT', '-1'],
    ['PORT', '0x50'],
    ['PLATFORM', 'koa'],
    ['PUSH_ORIGINS', 'shop.example'],
    ['PUSH_ORIGINS', 'https://shop.example/path'],
    ['PUSH_ORIGINS', '*'],
    ['PUSH_REDIS_URL', '127.0.0.1:6379'],
    ['PUSH_REDIS_URL', 'http://127.0.0.1'],
    ['PUSH_MAX_CONNECTIONS', '0'],
    ['PUSH_MAX_PER_USER', 'many'],
    ['PUSH_MAX_PER_IP', '-1'],
    ['PUSH_HEARTBEAT_MS', '25s'],
    ['PUSH_HISTORY_COUNT', 'all'],
    ['PUSH_HISTORY_SECONDS', '1e3'],
    ['PUSH_MAX_QUEUE_BYTES', '1 MB'],
    ['PUSH_FLUSH_WINDOW_MS', '51'],
    ['PUSH_DRAIN_MS', 'NaN'],
    ['DEMO_SIGN_IN', 'false'],
    ['TLS_KEY', '/does/not/exist'],
  ])('refuses %s=%s and names it', (variable, value) => {
    expect(refused({ [variable]: value })).toContain(variable);
  });

  it('refuses a key without its certificate', () => {
    expect(refused({ TLS_KEY: keyFile })).toEqual(['TLS_CERT']);
  });

  it('refuses a key that belongs to another certificate', () => {
    const strangerFile = join(folder, 'stranger.pem');
    writeFileSync(strangerFile, selfSignedCertificate().key);
    expect(refused({ TLS_KEY: strangerFile, TLS_CERT: certFile })).toEqual(['TLS_KEY']);
  });

  it('lists every problem in one error, with what it received and what it expected', () => {
    expect(messageOf({ PORT: 'http', PLATFORM: 'koa', PUSH_REDIS_URL: 'db:password' })).toBe(
      [
        'The environment has 3 problems:',
        '  PORT: received "http"; expected a whole number from 0 to 65535',
        '  PLATFORM: received "koa"; expected fastify or express',
        '  PUSH_REDIS_URL: received a text of 11 characters; expected an address, redis://host:port',
      ].join('\n'),
    );
  });
});
