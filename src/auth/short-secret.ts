import { Logger } from '@nestjs/common';
import type { JwtAlgorithm } from './jwt-algorithms.js';

const BITS_OF_A_BYTE = 8;

/**
 * Says once where a secret has fewer bytes than the hash, whose length it should have (RFC 7518 section 3.2): whoever holds
 * a token can try out short ones at home. It is let pass all the same, for the length alone makes no secret a good one.
 */
export function warnOfShortSecret(secret: string | Buffer, algorithms: readonly JwtAlgorithm[]): void {
  const bytes = Buffer.byteLength(secret);
  const tooShortFor = algorithms.filter((algorithm) => bytes < hashBytesOf(algorithm));
  if (tooShortFor.length === 0) return;
  const needed = Math.max(...tooShortFor.map(hashBytesOf));
  const text = `auth.jwt.secret has ${bytes} bytes: for ${tooShortFor.join(', ')} it should have ${needed} random ones at least`;
  new Logger('PushModule').warn(text);
}

function hashBytesOf(algorithm: JwtAlgorithm): number {
  return Number(algorithm.slice(-3)) / BITS_OF_A_BYTE;
}
