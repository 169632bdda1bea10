import { describe, expect, it } from '@jest/globals';
import { openFrame, sealMessage } from '../../../../src/backing/redis/log-wire.js';
import { FrameSeal } from '../../../../src/backing/redis/sealed-frame.js';

const CHANNEL = 'push:{test}:log:channel';
const seal = new FrameSeal('a secret of the cluster');
const head = { id: 'publish-id-1', atMs: 1_700_000_000_000, target: { users: ['ü 7'], except: { groups: ['g'] } } };
const TEXT = '{"event":"e","data":"a\\nb 🙂","id":"n-1","cursor":"","ts":"2026-01-01T00:00:00.000Z"}';
const sealed = sealMessage(seal, CHANNEL, head, TEXT);
const HEADER = '1 epoch_AB 12 nonceABC nonce-_9 1 publish-id-1';
const frame = `${HEADER}\n${sealed}`;

describe('openFrame', () => {
  it('gives back what was sealed and the place', () => {
    expect(openFrame(seal, CHANNEL, frame)).toEqual({
      ...head,
      text: TEXT,
      place: { epoch: 'epoch_AB', nonce: 'nonceABC', number: 12 },
      previousNonce: 'nonce-_9',
      isKept: true,
    });
  });

  it.each([
    ['of another secret', sealMessage(new FrameSeal('another secret'), CHANNEL, head, TEXT)],
    ['of another channel', sealMessage(seal, 'push:{other}:log:channel', head, TEXT)],
    ['with another text', sealed.replace('a\\nb', 'a\\nc')],
    ['with another target', sealed.replace('ü 7', 'ü 8')],
    ['without a seal', `1${'A'.repeat(43)}.${JSON.stringify(head)}\n${TEXT}`],
  ])('calls a frame %s forged', (_, body) => {
    expect(openFrame(seal, CHANNEL, `${HEADER}\n${body}`)).toBe('forged');
  });

  it('calls a frame forged whose header names another publish', () => {
    expect(openFrame(seal, CHANNEL, frame.replace('1 publish-id-1', '1 publish-id-2'))).toBe('forged');
  });

  it('takes what is recognised, and nothing else, without opening it', () => {
    const message = { head, text: 'known' };
    const recognise = (id: string, text: string) => (id === head.id && text === 'mine' ? message : undefined);
    expect(openFrame(seal, CHANNEL, `${HEADER}\nmine`, recognise)).toMatchObject({ text: 'known' });
    expect(openFrame(seal, CHANNEL, `${HEADER}\nyours`, recognise)).toBe('version');
  });

  it.each(['2 something else', '\u0000', 'hello', `0${frame.slice(1)}`, frame.replace('\n1', '\n2')])(
    'knows no version of %j',
    (text) => {
      expect(openFrame(seal, CHANNEL, text)).toBe('version');
    },
  );

  it('takes no frame that is cut off, wherever that is', () => {
    const whole = Array.from({ length: frame.length }, (_value, length) => frame.slice(0, length)).filter(
      (cut) => typeof openFrame(seal, CHANNEL, cut) !== 'string',
    );
    expect(whole).toEqual([]);
  });

  it.each([
    ['an epoch too long', '1 epoch_ABC 12 nonceABC nonce-_9 1 publish-id-1'],
    ['a number that is none', '1 epoch_AB 1e3 nonceABC nonce-_9 1 publish-id-1'],
    ['a member too many', `${HEADER} 1`],
    ['no members', '1 '],
  ])('takes no header with %s', (_, header) => {
    expect(openFrame(seal, CHANNEL, `${header}\n${sealed}`)).toBe('truncated');
  });

  it.each(['', 'null', '1', '{}', '{"id":"p-1","atMs":"1","target":{}}', '[[]]'])(
    'takes no sealed body whose head is %j',
    (line) => {
      expect(openFrame(seal, CHANNEL, `${HEADER}\n${seal.seal(CHANNEL, `${line}\n${TEXT}`)}`)).toBe('truncated');
    },
  );
});
