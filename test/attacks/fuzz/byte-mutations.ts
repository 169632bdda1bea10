import type { SeededRandom } from '../../history/seeded-random.js';

/** Bytes on which parsers turn. */
const TURNING_POINTS = [
  ...['\r\n', '\n', '\r\n\r\n', '\0', ' ', '\t', ':', ',', ';', '"', '%', '%00', '?', '#', '..', '\x7f'],
  ...['Content-Length: 5\r\n', 'Content-Length: 99999999999999999999\r\n', 'Transfer-Encoding: chunked\r\n'],
  ...['Transfer-Encoding: gzip, chunked\r\n', 'Connection: close\r\n', 'Expect: 100-continue\r\n', 'Upgrade: h2c\r\n'],
  ...[
    'Upgrade: websocket\r\n',
    'Sec-WebSocket-Extensions: permessage-deflate\r\n',
    'GET / HTTP/1.1\r\n\r\n',
    '0\r\n\r\n',
  ],
  ...['HTTP/1.0', 'HTTP/2.0', '__proto__', '\u00ff\u00ff', '\u0081\u0080', '\u0088\u0082', '-1', '1e309'],
].map((text) => Buffer.from(text, 'latin1')) as [Buffer, ...Buffer[]];

/** Spoils bytes in up to four places, or leaves them as they are. */
export function mutate(bytes: Buffer, random: SeededRandom): Buffer {
  let result = bytes;
  for (let count = random.between(0, 4); count > 0; count--) result = mutateOnce(result, random);
  return result;
}

function mutateOnce(bytes: Buffer, random: SeededRandom): Buffer {
  const at = random.between(0, bytes.length);
  const before = bytes.subarray(0, at);
  const behind = bytes.subarray(at);
  const length = random.between(1, 16);
  switch (random.between(0, 7)) {
    case 0:
      return withByte(bytes, at, (byte) => byte ^ (1 << random.between(0, 7)));
    case 1:
      return withByte(bytes, at, () => random.between(0, 255));
    case 2:
      return Buffer.concat([before, behind.subarray(length)]);
    case 3:
      return Buffer.concat([before, behind.subarray(0, length), behind]);
    case 4:
      return Buffer.concat([before, randomBytes(length, random), behind]);
    case 5:
      return Buffer.concat([before, random.pick(TURNING_POINTS), behind]);
    case 6:
      return before;
    default:
      return Buffer.concat([before, Buffer.alloc(random.between(1, 2_000), behind[0] ?? 0), behind]);
  }
}

function withByte(bytes: Buffer, at: number, change: (byte: number) => number): Buffer {
  if (at >= bytes.length) return bytes;
  const changed = Buffer.from(bytes);
  changed.writeUInt8(change(changed.readUInt8(at)) & 0xff, at);
  return changed;
}

function randomBytes(length: number, random: SeededRandom): Buffer {
  return Buffer.from(Array.from({ length }, () => random.between(0, 255)));
}
