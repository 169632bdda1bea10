/** A certificate for 127.0.0.1 and localhost, made on the spot: no key lies in the repository, no program is needed. */
import { generateKeyPairSync, sign } from 'node:crypto';

/** PEM texts. */
export interface SelfSignedCertificate {
  readonly key: string;
  readonly cert: string;
}

const OID_ECDSA_SHA256 = '06082a8648ce3d040302';
const OID_COMMON_NAME = '0603550403';
const OID_SUBJECT_ALT_NAME = '0603551d11';
const OID_BASIC_CONSTRAINTS = '0603551d13';

/** Makes a P-256 key and an X.509 v3 certificate that it signed itself, valid from yesterday for ten days (RFC 5280). */
export function selfSignedCertificate(): SelfSignedCertificate {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const algorithm = sequence(hex(OID_ECDSA_SHA256));
  const name = sequence(tagged(0x31, sequence(hex(OID_COMMON_NAME), tagged(0x0c, Buffer.from('localhost')))));
  const dayMs = 86_400_000;
  const body = sequence(
    tagged(0xa0, tagged(0x02, Buffer.from([2]))),
    tagged(0x02, Buffer.from([1])),
    algorithm,
    name,
    sequence(time(Date.now() - dayMs), time(Date.now() + 9 * dayMs)),
    name,
    publicKey.export({ type: 'spki', format: 'der' }),
    tagged(
      0xa3,
      sequence(extension(OID_BASIC_CONSTRAINTS, sequence(tagged(0x01, Buffer.from([0xff]))), true), names()),
    ),
  );
  const signature = sign('sha256', body, privateKey);
  const certificate = sequence(body, algorithm, tagged(0x03, Buffer.concat([Buffer.from([0]), signature])));
  return { key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(), cert: pem(certificate) };
}

function names(): Buffer {
  const dns = tagged(0x82, Buffer.from('localhost'));
  const address = tagged(0x87, Buffer.from([127, 0, 0, 1]));
  return extension(OID_SUBJECT_ALT_NAME, sequence(dns, address), false);
}

function extension(oid: string, value: Buffer, isCritical: boolean): Buffer {
  const critical = isCritical ? [tagged(0x01, Buffer.from([0xff]))] : [];
  return sequence(hex(oid), ...critical, tagged(0x04, value));
}

/** DER: tag, length, content. */
function tagged(tag: number, content: Buffer): Buffer {
  const length = content.length;
  const head =
    length < 0x80 ? [tag, length] : length < 0x100 ? [tag, 0x81, length] : [tag, 0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from(head), content]);
}

function sequence(...parts: readonly Buffer[]): Buffer {
  return tagged(0x30, Buffer.concat(parts));
}

function hex(text: string): Buffer {
  return Buffer.from(text, 'hex');
}

/** UTCTime, YYMMDDHHMMSSZ. */
function time(atMs: number): Buffer {
  const digits = new Date(atMs).toISOString().replaceAll(/[-:T]|\.\d+/g, '');
  return tagged(0x17, Buffer.from(digits.slice(2)));
}

function pem(der: Buffer): string {
  const lines = der.toString('base64').match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`;
}
