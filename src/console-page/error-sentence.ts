import { PushClientError, PushReplyError } from '../client/index.js';
import type { PushClientErrorCode } from '../client/index.js';

const SENTENCES: Readonly<Record<PushClientErrorCode, string>> = {
  timeout: 'The server did not answer in time.',
  unknown_outcome:
    'The connection broke before the answer came: it may have been done or not. Look before you try again.',
  frame_too_big: 'This is larger than what the server takes at once.',
  queue_full: 'Too much waits for an answer already. Try again in a moment.',
  closed: 'This console is not connected any more. Load the page again.',
  disconnected: 'The connection has ended.',
  refused: 'The server does not want this console any more.',
  token_failed: 'No token could be had to connect with.',
};

/** An error as an operator reads it. Codes are for programs. */
export function sentenceOf(error: unknown): string {
  if (error instanceof PushReplyError) return sentenceOfReply(error);
  if (!(error instanceof PushClientError)) return error instanceof Error ? error.message : 'Something went wrong.';
  if (error.code === 'refused') return sentenceOfRefusal(error);
  return Object.hasOwn(SENTENCES, error.code) ? SENTENCES[error.code as PushClientErrorCode] : error.message;
}

/** What stands between may answer in place of the server, and has no words for it. */
function sentenceOfReply({ code, message, status }: PushReplyError): string {
  return message === code ? `The server answered ${status} and gave no reason.` : message;
}

/** Its message is the word `refused`, the code and what the server said. */
function sentenceOfRefusal({ message }: PushClientError): string {
  const why = message.replace(/^refused/, '').trim();
  return why === '' ? SENTENCES.refused : `The server does not want this console any more (${why}).`;
}
