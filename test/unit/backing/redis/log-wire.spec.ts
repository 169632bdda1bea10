import { describe, expect, it } from '@jest/globals';
import { claimOf, openMessage, readHeader, sealMessage, sealedOf } from '../../../../src/backing/redis/log-wire.js';
import type { LogHeader } from '../../../../src/backing/redis/log-wire.js';
import { FrameSeal } from '../../../../src/backing/redis/sealed-frame.js';
import type { Target } from '../../../../src/core/delivery-target.js';

const CHANNEL = 'push:{test}:log:c:a';
const seal = new FrameSeal('a secret of the cluster');
const target: Target = { users: ['ü 7', '8'], except: { groups: ['g'] } };
const head = { id: 'publish-id-1', atMs: 1_700_000_000_000, target, collapseId: '-' };
const TEXT = '{"event":"e","data":"a\\nb 🙂","id":"n-1","cursor":"","ts":"2026-01-01T00:00:00.000Z"}';
const sealed = sealMessage(seal, CHANNEL, head, TEXT);
const HEADER = '4 epoch_AB 12 nonceABC 9 nonce-_9 1 publish-id-1';
const frame = `${HEADER}\n${sealed}`;

/** Reads and opens, as a node does that follows the channel of this name. */
function open(text: string | Buffer, name = 'a', channel = CHANNEL) {
  const header = readHeader(Buffer.from(text));
  return typeof header === 'string' ? header : openMessage(seal, channel, header, claimOf(header, name));
}

describe('readHeader', () => {
  it('gives the place, the place before it on the channel, and what is sealed', () => {
    const bytes = Buffer.from(frame);
    const header = readHeader(bytes) as LogHeader;
    expect(header).toEqual({
      id: 'publish-id-1',
      place: { epoch: 'epoch_AB', nonce: 'nonceABC', number: 12 },
      previousNumber: 9,
      previousNonce: 'nonce-_9',
      isKept: true,
      frame: bytes,
      text: frame,
      sealedAt: HEADER.length + 1,
    });
    expect(sealedOf(header)).toBe(sealed);
  });

  it.each(['5 something else', '\u0000', 'hello', `1${frame.slice(1)}`])('knows no version of %j', (text) => {
    expect(readHeader(Buffer.from(text))).toBe('version');
  });

  it.each([
    ['an epoch too long', '4 epoch_ABC 12 nonceABC 9 nonce-_9 1 publish-id-1'],
    ['a number that is none', '4 epoch_AB 1e3 nonceABC 9 nonce-_9 1 publish-id-1'],
    ['a member too many', `${HEADER} 1`],
    ['no members', '4 '],
  ])('takes no header with %s', (_, header) => {
    expect(readHeader(Buffer.from(`${header}\n${sealed}`))).toBe('truncated');
  });
});

describe('openMessage', () => {
  it('gives back what was sealed', () => {
    expect(open(frame)).toEqual({ head, text: TEXT });
  });

  it.each([
    ['how long it lives', { lifeMs: 1_500 }],
    ['its place in a trace', { traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01' }],
    ['both', { lifeMs: 1, traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01' }],
  ])('gives back %s', (_, members) => {
    const more = { ...head, ...members };
    expect(open(`${HEADER}\n${sealMessage(seal, CHANNEL, more, TEXT)}`)).toEqual({ head: more, text: TEXT });
  });

  it.each<[string, Target, string]>([
    ['everyone', { all: true }, 'a'],
    ['the one user of its channel', { users: ['ü 7'] }, 'u:ü 7'],
    ['the one group of its channel', { groups: ['room:1'] }, 'g:room:1'],
    ['one user with exceptions', { users: ['7'], except: { connections: ['c'] } }, 'u:7'],
    ['connections', { connections: ['c', 'd'] }, 'a'],
  ])('gives back that it is for %s', (_, to, name) => {
    const channel = `push:{test}:log:c:${name}`;
    const text = `${HEADER}\n${sealMessage(seal, channel, { ...head, target: to }, TEXT)}`;
    expect(open(text, name, channel)).toEqual({ head: { ...head, target: to }, text: TEXT });
  });

  it.each([
    ['of another secret', sealMessage(new FrameSeal('another secret'), CHANNEL, head, TEXT)],
    ['of another channel', sealMessage(seal, 'push:{other}:log:c:a', head, TEXT)],
    ['with another text', sealed.replace('a\\nb', 'a\\nc')],
    ['with another target', sealed.replace('ü 7', 'ü 9')],
    ['without a seal', `4${'A'.repeat(43)}.${head.id} 1 - *\n${TEXT}`],
  ])('calls a frame %s forged', (_, body) => {
    expect(open(`${HEADER}\n${body}`)).toBe('forged');
  });

  it('calls a frame forged whose bytes are others and read the same', () => {
    const bytes = Buffer.from(`${HEADER}\n${sealMessage(seal, CHANNEL, head, TEXT.replace('🙂', '\ufffd'))}`);
    expect(open(bytes)).toMatchObject({ text: expect.stringContaining('\ufffd') });
    const at = bytes.indexOf('\ufffd');
    const changed = Buffer.concat([bytes.subarray(0, at), Buffer.of(0xff), bytes.subarray(at + 3)]);
    expect(changed.toString()).toBe(bytes.toString());
    expect(open(changed)).toBe('forged');
  });

  it('calls a frame forged whose header names another publish', () => {
    expect(open(frame.replace('1 publish-id-1', '1 publish-id-2'))).toBe('forged');
  });

  it('takes no frame that is cut off, wherever that is', () => {
    const whole = Array.from({ length: frame.length }, (_value, length) => frame.slice(0, length)).filter(
      (cut) => typeof open(cut) !== 'string',
    );
    expect(whole).toEqual([]);
  });

  it.each([
    '',
    'publish-id-1',
    'publish-id-1 1',
    'publish-id-1 x *',
    'publish-id-1 1 -',
    'publish-id-1 1 - [[]]',
    'publish-id-1 1 short *',
  ])('takes no sealed body whose head is %j', (line) => {
    expect(open(`${HEADER}\n${seal.seal(CHANNEL, `${line}\n${TEXT}`)}`)).toBe('truncated');
  });
});

describe('claimOf', () => {
  it('tells what a message says before its seal is looked at', () => {
    const forged = `${HEADER}\n${sealMessage(new FrameSeal('another secret'), CHANNEL, head, TEXT)}`;
    expect(claimOf(readHeader(Buffer.from(forged)) as LogHeader, 'a')).toEqual({ head, text: TEXT });
  });

  it('tells of its place in a trace, where it has one', () => {
    const traceparent = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`;
    const traced = `${HEADER}\n${sealMessage(seal, CHANNEL, { ...head, traceparent }, TEXT)}`;
    expect(claimOf(readHeader(Buffer.from(traced)) as LogHeader, 'a')?.head).toEqual({ ...head, traceparent });
  });
});
