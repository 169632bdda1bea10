/** Tokens of every kind, right and forged, made with node:crypto alone. */
import { constants, createHmac, sign } from 'node:crypto';
import type { KeyObject } from 'node:crypto';

type Members = Readonly<Record<string, unknown>>;

/** The base64url form of bytes, of a text or of a value's JSON. */
export function encode(value: string | Buffer | Members): string {
  const bytes = Buffer.isBuffer(value) ? value : Buffer.from(typeof value === 'string' ? value : JSON.stringify(value));
  return bytes.toString('base64url');
}

/** Signs header and payload as they are; texts need not be valid JSON. */
export function signAs(
  algorithm: string,
  key: KeyObject | string | Buffer,
  header: string | Members,
  payload: string | Buffer | Members,
): string {
  const input = `${encode(header)}.${encode(payload)}`;
  return `${input}.${signature(algorithm, key, input)}`;
}

function signature(algorithm: string, key: KeyObject | string | Buffer, input: string): string {
  const hash = `sha${algorithm.slice(2)}`;
  if (algorithm.startsWith('HS')) return createHmac(hash, key).update(input).digest('base64url');
  const data = Buffer.from(input);
  if (algorithm.startsWith('ES')) {
    return sign(hash, data, { key: key as KeyObject, dsaEncoding: 'ieee-p1363' }).toString('base64url');
  }
  const padding = algorithm.startsWith('PS')
    ? { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST }
    : {};
  return sign(hash, data, { key: key as KeyObject, ...padding }).toString('base64url');
}
