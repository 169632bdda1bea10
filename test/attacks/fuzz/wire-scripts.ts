/** Good conversations in bytes, for the byte fuzzer to spoil: each is what a client writes on one connection. */
import type { SeededRandom } from '../../history/seeded-random.js';
import { handshakeOf } from '../../support/raw-client.js';
import { Opcode, closeFrame, fragments, rawFrame } from '../../support/raw-frame.js';
import { signToken } from '../../support/tokens.js';

const OPCODES = [0, 1, 2, 3, 7, 8, 9, 10, 11, 15] as const;
const LENGTHS = [
  0n,
  1n,
  125n,
  126n,
  127n,
  65_535n,
  65_536n,
  65_537n,
  2n ** 31n,
  2n ** 32n,
  2n ** 53n,
  2n ** 63n,
  2n ** 64n - 1n,
] as const;
const TEXTS = [
  '{"event":"push:ping","ref":"a"}',
  '{"event":"push:join","data":{"group":"room:a"},"ref":"b"}',
  '{"event":"push:send","data":{"to":{"group":"room:a"},"event":"x","data":[1]},"ref":"c"}',
  '{"event":"echo","data":{"a":"€𝄞"},"ref":"d"}',
  '{"event":"push:leave","data":{"group":"room:a"}}',
] as const;

/** What a client of one kind writes, in the pieces in which it writes it. */
export type WireScript = (random: SeededRandom) => readonly Buffer[];

function request(method: string, target: string, headers: Readonly<Record<string, string>> = {}, body = ''): Buffer {
  const all = {
    Host: '127.0.0.1',
    Authorization: `Bearer ${signToken({ sub: 'attacker', scope: 'push:send' })}`,
    ...(body !== '' && { 'Content-Type': 'application/json', 'Content-Length': String(Buffer.byteLength(body)) }),
    ...headers,
  };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}`);
  return Buffer.from([`${method} ${target} HTTP/1.1`, ...lines, '', body].join('\r\n'));
}

/** A frame whose head may lie about everything. */
function oddFrame(random: SeededRandom): Buffer {
  const payload = Buffer.from(random.pick(TEXTS));
  const frame = rawFrame(payload, {
    opcode: random.pick(OPCODES),
    isFinal: random.chance(0.7),
    isMasked: random.chance(0.95),
    reservedBits: random.chance(0.1) ? random.between(1, 7) : 0,
  });
  if (random.chance(0.7)) return frame;
  const head = Buffer.alloc(10);
  head.writeUInt8(frame.readUInt8(0), 0);
  head.writeUInt8((random.chance(0.9) ? 0x80 : 0) | random.between(125, 127), 1);
  head.writeBigUInt64BE(random.pick(LENGTHS), 2);
  return Buffer.concat([head, payload]);
}

function goodFrame(random: SeededRandom): Buffer {
  const text = random.pick(TEXTS);
  if (random.chance(0.3)) return fragments(text, random.between(2, 6));
  if (random.chance(0.2)) return rawFrame('x', { opcode: Opcode.Ping });
  return rawFrame(text);
}

const upgrade = (target = '/push/ws') => Buffer.from(handshakeOf('attacker', { target }));

/** The scripts, from a bare upgrade to several requests at once. */
export const WIRE_SCRIPTS: readonly [WireScript, ...WireScript[]] = [
  () => [upgrade()],
  () => [upgrade('/push/ws?cursor=1.AAAAAAAA.0&groups=room:a,room:b')],
  (random) => [upgrade(), ...times(random.between(1, 6), () => goodFrame(random))],
  (random) => [upgrade(), ...times(random.between(1, 6), () => oddFrame(random))],
  (random) => [upgrade(), goodFrame(random), closeFrame(1000, 'bye'), goodFrame(random)],
  () => [request('GET', '/push/sse?groups=room:a', { 'Last-Event-ID': '1.AAAAAAAA.0' })],
  () => [request('GET', '/push/poll?wait=0&cursor=1.AAAAAAAA.0')],
  (random) => [request('POST', '/push/upstream', {}, random.pick(TEXTS))],
  (random) => [
    request('POST', '/push/upstream', { 'Content-Type': 'application/json', 'Transfer-Encoding': 'chunked' }),
    ...random
      .pick(TEXTS)
      .split(/(?<=,)/)
      .map((part) => Buffer.from(chunk(part))),
    Buffer.from('0\r\n\r\n'),
  ],
  () => [request('POST', '/push/users/7', { 'Idempotency-Key': 'k' }, '{"event":"a","data":{"b":[1,"x"]}}')],
  (random) => [
    Buffer.concat([
      request('GET', '/push/handshake'),
      request('POST', '/push/ticket', { 'Content-Length': '0' }),
      request('POST', '/push/upstream', {}, random.pick(TEXTS)),
      request('GET', '/push/poll?wait=0'),
      upgrade(),
    ]),
  ],
];

function chunk(text: string): string {
  return `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`;
}

function times(count: number, make: () => Buffer): Buffer[] {
  return Array.from({ length: count }, make);
}
