import { describe, expect, it } from '@jest/globals';
import { mayBeToken } from '../../../src/console-page/token-text.js';

describe('what was typed for a token', () => {
  it.each(['tökén', 'abc👩', 'a\u0000b', 'two words', 'a\u200bb'])('%j is none', (text) => {
    expect(mayBeToken(text)).toBe(false);
  });

  it.each(['eyJhbGciOiJIUzI1NiJ9.e30.x_-', 'opaque+token/of=~the|host'])('%j may be one', (text) => {
    expect(mayBeToken(text)).toBe(true);
  });
});
