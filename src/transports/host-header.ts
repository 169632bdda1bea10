import type { IncomingMessage } from 'node:http';
import { Refusals } from '../push/refusal.js';
import type { Refusal } from '../push/refusal.js';

/** What is wrong where a request names more than one host: Node believes the first (RFC 9112 section 3.2). */
export function hostProblem({ rawHeaders }: IncomingMessage): Refusal | undefined {
  let count = 0;
  // Names are at the even places, values behind them.
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index];
    if (name?.length === 4 && name.toLowerCase() === 'host') count++;
  }
  return count > 1 ? Refusals.malformed('there is more than one Host') : undefined;
}
