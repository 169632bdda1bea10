import { describe, expect, it } from '@jest/globals';
import { PushClientError, PushReplyError } from '../../../src/client/index.js';
import { sentenceOf } from '../../../src/console-page/error-sentence.js';

/** A sentence, and no code of a program. */
const SENTENCE = /^[A-Z][^_]+\.$/;

describe('an error as an operator reads it', () => {
  it.each([
    'timeout',
    'unknown_outcome',
    'frame_too_big',
    'queue_full',
    'closed',
    'disconnected',
    'refused',
    'token_failed',
  ])('is a sentence where the client says %s', (code) => {
    expect(sentenceOf(new PushClientError(code))).toMatch(SENTENCE);
  });

  it('says that what was asked for may have been done where the line broke before the answer', () => {
    expect(sentenceOf(new PushClientError('unknown_outcome'))).toContain('it may have been done or not');
  });

  it('says why the server does not want the console', () => {
    const error = new PushClientError('refused', 'refused 4505 disconnected by an administrator');
    expect(sentenceOf(error)).toContain('(4505 disconnected by an administrator)');
  });

  it('is what the server has said where it has said something', () => {
    const error = new PushReplyError({ code: 'forbidden', detail: 'a node is not of one tenant', status: 403 });
    expect(sentenceOf(error)).toBe('a node is not of one tenant');
  });

  it('names the status where something answered without a word', () => {
    expect(sentenceOf(new PushReplyError({ code: 'http_502', status: 502 }))).toBe(
      'The server answered 502 and gave no reason.',
    );
  });

  it('is the message of an error of another kind', () => {
    expect(sentenceOf(new Error('It is full.'))).toBe('It is full.');
  });
});
