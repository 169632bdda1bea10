/** What the load generator sends: tokens and bodies, written into files that it reads. */
import { createHmac } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const folder = fileURLToPath(new URL('../../.build/bench', import.meta.url));
const TOKEN_LIFE_S = 6 * 3600;

/** A secret for this benchmark alone; nothing outside this machine ever sees it. */
export const SECRET = 'a secret of the benchmark, long enough for HS256';

/** As many users as there are connections at most: each connection is a user of its own, `u00000` and up. */
export const MOST_CONNECTIONS = 10_000;

export const userName = (index) => `u${String(index).padStart(5, '0')}`;

/** A token of this benchmark. */
export function sign(claims) {
  const part = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const exp = Math.floor(Date.now() / 1000) + TOKEN_LIFE_S;
  const content = `${part({ alg: 'HS256', typ: 'JWT' })}.${part({ ...claims, exp })}`;
  return `${content}.${createHmac('sha256', SECRET).update(content).digest('base64url')}`;
}

function write(name, text) {
  mkdirSync(folder, { recursive: true });
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

/** `{ sentUs, text }` of exactly `bytes` bytes of JSON; the generator writes the time over the zeros. */
export function stampedData(bytes) {
  const empty = { sentUs: '0'.repeat(16), text: '' };
  return { ...empty, text: 'x'.repeat(bytes - JSON.stringify(empty).length) };
}

/**
 * One token for each user. Those of another `series` are other tokens of the same users, as a server has never seen them:
 * what is measured is a handshake of somebody new.
 */
export function writeTokens(series = 0) {
  const tokens = Array.from({ length: MOST_CONNECTIONS }, (_, index) =>
    sign({ sub: userName(index), jti: `${series}-${index}` }),
  );
  return write('tokens', tokens.join('\n'));
}

export const publisherToken = () => sign({ sub: 'publisher', scope: 'push:send push:broadcast push:admin' });

/** A message with `bytes` bytes of data. `bodyBytes` fills the body up, for a server that sends on what it is given. */
export function writeMessage(bytes, bodyBytes = 0) {
  const message = { event: 'bench', data: stampedData(bytes) };
  const missing = bodyBytes - JSON.stringify({ ...message, filler: '' }).length;
  const body = bodyBytes > 0 ? { ...message, filler: 'x'.repeat(Math.max(0, missing)) } : message;
  return write(`message-${bytes}-${bodyBytes}.json`, JSON.stringify(body));
}

export function writeBatch(count, bytes) {
  const messages = Array.from({ length: count }, (_, index) => ({
    target: { users: [userName(index)] },
    event: 'bench',
    data: stampedData(bytes),
  }));
  return write(`batch-${count}.json`, JSON.stringify({ messages }));
}

/** A load of `count` messages from inside the server to so many users in turn, eight in each turn of the event loop. */
export const driveToUsers = ({ count, users, bytes }) => ({
  door: 'drive',
  bodyFile: writeDrive({ count, perTurn: 8, users }, bytes),
  connections: users,
  publishCount: 1,
  expect: count,
  duration: 60,
  drain: 10,
});

/** The order for `/drive`: `count` messages from inside the server to `users` users in turn. */
export const writeDrive = (order, bytes) =>
  write('drive.json', JSON.stringify({ ...order, event: 'bench', data: stampedData(bytes) }));
