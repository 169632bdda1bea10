import type { WireFormat } from '../../core/wire-format.js';

const FINAL_TEXT_FRAME = 0x81;
const LENGTH_16_BIT = 126;
const LENGTH_64_BIT = 127;

/** A message as one final, unmasked text frame (RFC 6455 section 5.2), ready to be written as it is. */
export const wsFormat: WireFormat = {
  encode({ text, byteLength: length }) {
    const headerLength = length < LENGTH_16_BIT ? 2 : length <= 0xffff ? 4 : 10;
    const frame = Buffer.allocUnsafe(headerLength + length);
    frame[0] = FINAL_TEXT_FRAME;
    if (headerLength === 2) {
      frame[1] = length;
    } else if (headerLength === 4) {
      frame[1] = LENGTH_16_BIT;
      frame.writeUInt16BE(length, 2);
    } else {
      frame[1] = LENGTH_64_BIT;
      frame.writeBigUInt64BE(BigInt(length), 2);
    }
    // As many bytes as characters: plain ASCII, which is copied faster than it is encoded.
    frame.write(text, headerLength, length === text.length ? 'latin1' : 'utf8');
    return frame;
  },
};
