/**
 * A crowd that comes at once: so many WebSocket clients, in turn to each of the ports, who come back when they are told
 * to. Prints one line of JSON when all are in: what became of them.
 *
 * With `STAMPEDE_RETURNS` it stays. At SIGUSR2 all connections break at once and all clients knock again within a
 * second, as the client of this module does, each with the cursor that it has; another line is printed when all are in
 * again and each has got the message `missed` that was sent meanwhile.
 */
import { createHmac } from 'node:crypto';
import { connect } from 'node:net';

const {
  STAMPEDE_PORTS = '',
  STAMPEDE_CLIENTS = '1000',
  STAMPEDE_TOKENS = '',
  STAMPEDE_SECRET,
  STAMPEDE_NAME,
  STAMPEDE_RETURNS,
} = process.env;
const ports = STAMPEDE_PORTS.split(',').map(Number);
const tokens = STAMPEDE_TOKENS.split(',');
/** How long the first to come leave between one another where they are to come back: it is the return that is the stampede. */
const ARRIVAL_MS = 4;
/** The first wait of a client whose connection has broken is drawn from 0 to this. */
const FIRST_WAIT_MS = 1_000;
const MISSED = '"event":"missed"';

const clients = Array.from({ length: Number(STAMPEDE_CLIENTS) }, (_, number) => ({
  number,
  token: STAMPEDE_SECRET ? sign(`${STAMPEDE_NAME}-${number}`) : tokens[number % tokens.length],
  socket: undefined,
  cursor: undefined,
  hasCaughtUp: false,
}));
let round = newRound(true);
let caughtUp = 0;

for (const client of clients) {
  if (STAMPEDE_RETURNS) setTimeout(() => knock(client), client.number * ARRIVAL_MS);
  else knock(client);
}
process.on('SIGUSR2', breakAll);

function newRound(isFirst) {
  const counts = { inside: 0, refused: 0, untold: 0, broken: 0, cut: 0, resumed: 0, longestAnswerMs: 0 };
  return { isFirst, beganAt: performance.now(), counts, admittedBySecond: [] };
}

function breakAll() {
  round = newRound(false);
  for (const { socket } of clients) socket.removeAllListeners('close').resetAndDestroy();
  for (const client of clients) setTimeout(() => knock(client), Math.random() * FIRST_WAIT_MS);
}

function knock(client) {
  const { counts } = round;
  const socket = connect({ port: ports[client.number % ports.length], host: '127.0.0.1' });
  const knockedAt = performance.now();
  let answer = '';
  let isAnswered = false;
  const comeBack = (seconds) => {
    if (isAnswered) return;
    isAnswered = true;
    socket.destroy();
    setTimeout(() => knock(client), seconds * 1_000 + Math.random() * 200);
  };
  const hear = (chunk) => {
    answer += chunk.toString('latin1');
    const end = answer.indexOf('\r\n\r\n');
    if (end === -1) return;
    socket.off('data', hear);
    counts.longestAnswerMs = Math.max(counts.longestAnswerMs, Math.round(performance.now() - knockedAt));
    if (answer.startsWith('HTTP/1.1 101 ')) {
      isAnswered = true;
      enter(client, socket, Buffer.from(answer.slice(end + 4), 'latin1'));
      return;
    }
    counts.refused++;
    const seconds = Number(/^retry-after: (\d+)\r$/im.exec(answer)?.[1] ?? Number.NaN);
    if (!(seconds >= 1)) counts.untold++;
    comeBack(seconds >= 1 ? seconds : 1);
  };
  socket.on('data', hear);
  // A full backlog is no answer of the server.
  socket.on('error', () => {});
  socket.on('close', () => {
    if (isAnswered) return;
    counts.broken++;
    comeBack(1);
  });
  const query = client.cursor === undefined ? '' : `?cursor=${encodeURIComponent(client.cursor)}`;
  const lines = [
    `GET /push/ws${query} HTTP/1.1`,
    'Host: localhost',
    'Upgrade: websocket',
    'Connection: Upgrade',
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
    'Sec-WebSocket-Version: 13',
    `Authorization: Bearer ${client.token}`,
  ];
  socket.write(`${lines.join('\r\n')}\r\n\r\n`);
}

function enter(client, socket, first) {
  const { counts, admittedBySecond, beganAt } = round;
  counts.inside++;
  const second = Math.floor((performance.now() - beganAt) / 1_000);
  admittedBySecond[second] = (admittedBySecond[second] ?? 0) + 1;
  client.socket = socket;
  const read = readFrames(client, socket);
  socket.on('data', read).once('close', () => {
    counts.cut++;
    counts.inside--;
    knock(client);
  });
  read(first);
  finishIfAllAreIn();
}

/** Reads what the server sends: keeps the cursor, answers pings, sees the message that was missed. */
function readFrames(client, socket) {
  let rest = Buffer.alloc(0);
  return (chunk) => {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    for (;;) {
      const frame = frameAt(rest);
      if (!frame) return;
      rest = rest.subarray(frame.end);
      if (frame.opcode === 9) {
        socket.write(Buffer.concat([Buffer.from([0x8a, 0x80 | frame.payload.length, 0, 0, 0, 0]), frame.payload]));
      } else if (frame.opcode === 1) hearFrame(client, frame.payload.toString());
    }
  };
}

/** The first frame of RFC 6455, unmasked, if it is all there. */
function frameAt(bytes) {
  if (bytes.length < 2) return undefined;
  let start = 2;
  let length = bytes[1] & 0x7f;
  if (length >= 126) {
    start = length === 126 ? 4 : 10;
    if (bytes.length < start) return undefined;
    length = length === 126 ? bytes.readUInt16BE(2) : Number(bytes.readBigUInt64BE(2));
  }
  const end = start + length;
  return bytes.length < end ? undefined : { opcode: bytes[0] & 15, payload: bytes.subarray(start, end), end };
}

function hearFrame(client, text) {
  const cursor = /"cursor":"([^"]*)"/.exec(text)?.[1];
  if (cursor !== undefined) client.cursor = cursor;
  if (text.includes('"resumed":true')) round.counts.resumed++;
  if (!text.includes(MISSED) || client.hasCaughtUp) return;
  client.hasCaughtUp = true;
  caughtUp++;
  finishIfAllAreIn();
}

function finishIfAllAreIn() {
  const { counts, isFirst, admittedBySecond } = round;
  if (counts.inside < clients.length || (!isFirst && caughtUp < clients.length)) return;
  const bySecond = Array.from(admittedBySecond, (count) => count ?? 0);
  console.log(JSON.stringify({ ...counts, caughtUp, admittedBySecond: bySecond }));
  if (STAMPEDE_RETURNS) return;
  for (const { socket } of clients) socket.removeAllListeners('close').destroy();
}

/** A token that the nodes take (HS256), which ends in a day. */
function sign(sub) {
  const part = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const text = `${part({ alg: 'HS256', typ: 'JWT' })}.${part({ sub, exp: Math.floor(Date.now() / 1_000) + 86_400 })}`;
  return `${text}.${createHmac('sha256', STAMPEDE_SECRET).update(text).digest('base64url')}`;
}
