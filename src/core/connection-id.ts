import { randomBytes } from 'node:crypto';

const ID_BYTES = 15;
const POOL_IDS = 256;

let pool = Buffer.alloc(0);
let offset = 0;

/** A connection id: 20 characters that nobody can guess. Random bytes are drawn for many ids at once. */
export function newConnectionId(): string {
  if (offset >= pool.length) {
    pool = randomBytes(ID_BYTES * POOL_IDS);
    offset = 0;
  }
  return pool.toString('base64url', offset, (offset += ID_BYTES));
}
