/** Client frames byte by byte (RFC 6455 section 5.2), right or wrong. */

/** What a frame holds. */
export const Opcode = { Continuation: 0x0, Text: 0x1, Binary: 0x2, Close: 0x8, Ping: 0x9, Pong: 0xa } as const;

/** A frame; what is not said is as it should be in a whole text message. */
export interface RawFrameOptions {
  /** @default text */
  readonly opcode?: number;
  /** @default true */
  readonly isFinal?: boolean;
  /** @default true */
  readonly isMasked?: boolean;
  /** The three reserved bits. @default 0 */
  readonly reservedBits?: number;
}

const MASK = Buffer.from([0x37, 0xfa, 0x21, 0x3d]);

/** The bytes of one frame. */
export function rawFrame(
  payload: string | Buffer,
  { opcode = Opcode.Text, isFinal = true, isMasked = true, reservedBits = 0 }: RawFrameOptions = {},
): Buffer {
  const content = Buffer.from(payload);
  const head = Buffer.concat([
    Buffer.from([(isFinal ? 0x80 : 0) | (reservedBits << 4) | opcode]),
    lengthBytes(content.length, isMasked),
  ]);
  if (!isMasked) return Buffer.concat([head, content]);
  for (let index = 0; index < content.length; index++) content.writeUInt8(content[index]! ^ MASK[index % 4]!, index);
  return Buffer.concat([head, MASK, content]);
}

/** A close frame with this code and reason. */
export function closeFrame(code: number, reason = ''): Buffer {
  const payload = Buffer.alloc(2);
  payload.writeUInt16BE(code);
  return rawFrame(Buffer.concat([payload, Buffer.from(reason)]), { opcode: Opcode.Close });
}

/** A text message as so many fragments. */
export function fragments(text: string, count: number): Buffer {
  const size = Math.ceil(text.length / count);
  const frames = Array.from({ length: count }, (_, index) =>
    rawFrame(text.slice(index * size, (index + 1) * size), {
      opcode: index === 0 ? Opcode.Text : Opcode.Continuation,
      isFinal: index === count - 1,
    }),
  );
  return Buffer.concat(frames);
}

function lengthBytes(length: number, isMasked: boolean): Buffer {
  const maskBit = isMasked ? 0x80 : 0;
  if (length < 126) return Buffer.from([maskBit | length]);
  if (length <= 0xffff) return Buffer.from([maskBit | 126, length >> 8, length & 0xff]);
  const bytes = Buffer.alloc(9);
  bytes.writeUInt8(maskBit | 127);
  bytes.writeBigUInt64BE(BigInt(length), 1);
  return bytes;
}
