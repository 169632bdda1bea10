import { describe, expect, it } from '@jest/globals';
import { parseFrame } from '../../../src/protocol/frame-parser.js';

describe('parseFrame', () => {
  it('reads event, data and ref and ignores other members', () => {
    expect(parseFrame('{"event":"a","data":{"b":1},"ref":"r","id":7,"x":{}}')).toEqual({
      type: 'frame',
      frame: { event: 'a', data: { b: 1 }, ref: 'r' },
    });
  });

  it('keeps keys such as constructor and prototype in data', () => {
    const parsed = parseFrame('{"event":"a","data":{"constructor":1,"prototype":{"toString":2}}}');

    expect(parsed).toMatchObject({ frame: { data: { constructor: 1, prototype: { toString: 2 } } } });
  });

  it.each([
    ['no JSON', '{"event":'],
    ['nothing', ''],
    ['an array', '[]'],
    ['a number', '7'],
    ['null', 'null'],
    ['a string', '"x"'],
    ['an object without event', '{"data":1}'],
    ['an event that is no string', '{"event":{}}'],
    ['an event with a space', '{"event":"a b"}'],
    ['an event of 129 characters', `{"event":"${'e'.repeat(129)}"}`],
    ['a ref that is no string', '{"event":"a","ref":{}}'],
    ['a ref of 129 characters', `{"event":"a","ref":"${'r'.repeat(129)}"}`],
    ['1,000 nested arrays', `{"event":"a","data":${'['.repeat(1000)}${']'.repeat(1000)}}`],
  ])('calls %s a bad message', (_, text) => {
    expect(parseFrame(text)).toMatchObject({ type: 'failure', code: 'bad_message' });
  });

  it.each([
    ['at the top', '{"event":"a","__proto__":{"polluted":1},"ref":"r"}'],
    ['deep in data', '{"event":"a","data":[{"b":{"__proto__":{"polluted":1}}}],"ref":"r"}'],
    ['spelled with escapes', String.raw`{"event":"a","data":{"\u005f_proto_\u005f":{"polluted":1}},"ref":"r"}`],
  ])('calls an own key __proto__ %s invalid data and keeps the ref', (_, text) => {
    expect(parseFrame(text)).toMatchObject({ type: 'failure', code: 'invalid_data', ref: 'r' });
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });

  it('takes __proto__ as a value, and brackets inside of strings, for what they are', () => {
    const data = ['__proto__', '['.repeat(1000)];

    expect(parseFrame(JSON.stringify({ event: 'a', data }))).toMatchObject({ frame: { data } });
  });

  it('keeps the ref of a frame whose event is missing', () => {
    expect(parseFrame('{"ref":"r"}')).toMatchObject({ code: 'bad_message', ref: 'r' });
  });

  it('repeats nothing of the text in the detail', () => {
    const secret = 'eyJhbGciOi';

    expect(JSON.stringify(parseFrame(`{"event":"${secret} x"}`))).not.toContain(secret);
    expect(JSON.stringify(parseFrame(`${secret}{`))).not.toContain(secret);
  });
});
