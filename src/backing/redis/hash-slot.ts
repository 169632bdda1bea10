/**
 * Where Redis Cluster keeps a key: in the slot that its hash tag has, the text between the first `{` and the next `}`, or
 * else the whole key (Redis Cluster Specification, "Hash tags"). Channels for sharded pub/sub are placed likewise.
 */

/** Slots of a Cluster. */
export const SLOT_COUNT = 16_384;

/** CRC-16/XMODEM by byte. */
const TABLE = Uint16Array.from({ length: 256 }, (_, byte) => {
  let crc = byte << 8;
  for (let bit = 0; bit < 8; bit++) crc = crc & 0x8000 ? (crc << 1) ^ 0x1021 : crc << 1;
  return crc;
});

/** The slot of a key or a channel. */
export function slotOf(key: string): number {
  let crc = 0;
  for (const byte of Buffer.from(taggedPart(key)))
    crc = ((crc << 8) ^ (TABLE[((crc >> 8) ^ byte) & 0xff] ?? 0)) & 0xffff;
  return crc % SLOT_COUNT;
}

/**
 * Hash tags for so many parts of something, of which the slots lie evenly over all slots: the one of part _k_ in the
 * _k_-th of so many equal ranges. Always the same ones for the same arguments. No braces in `name`.
 */
export function evenHashTags(name: string, count: number): readonly string[] {
  const tags = new Map<number, string>();
  // Out of any so many suffixes in a row, each range gets some. The first that fits stays.
  for (let suffix = 0; tags.size < count; suffix++) {
    const tag = `${name}${suffix}`;
    const part = Math.floor((slotOf(tag) * count) / SLOT_COUNT);
    if (!tags.has(part)) tags.set(part, tag);
  }
  return Array.from({ length: count }, (_, part) => tags.get(part) ?? '');
}

function taggedPart(key: string): string {
  const open = key.indexOf('{');
  const close = open === -1 ? -1 : key.indexOf('}', open);
  // Empty braces are none.
  return close > open + 1 ? key.slice(open + 1, close) : key;
}
