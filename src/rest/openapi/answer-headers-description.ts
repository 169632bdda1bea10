/** The headers of answers, as OpenAPI describes them. */
import { AnswerHeader } from '../../core/answer-headers.js';
import type { OpenApiSchema } from './openapi-types.js';

type Headers = Readonly<Record<string, OpenApiSchema>>;

const text = (description: string, schema: OpenApiSchema = {}) => ({
  description,
  schema: { type: 'string', ...schema },
});
const RETRY_AFTER: Headers = {
  [AnswerHeader.RetryAfter]: { description: 'Seconds', schema: { type: 'integer', minimum: 1 } },
};
const CHALLENGE: Headers = { [AnswerHeader.Challenge]: text('`Bearer`, and what is wrong with the token') };
const RATE: Headers = {
  [AnswerHeader.RatePolicy]: text('How many messages in how many seconds, where sends have a rate', {
    example: '"sends";q=50;w=1',
  }),
  [AnswerHeader.RateLimit]: text('How many are left, and for how long', { example: '"sends";r=49;t=1' }),
};
const OF_REFUSALS: Readonly<Record<number, Headers>> = {
  401: CHALLENGE,
  403: CHALLENGE,
  409: RETRY_AFTER,
  415: { Accept: text('What is taken') },
  429: RETRY_AFTER,
  503: RETRY_AFTER,
  504: RETRY_AFTER,
};

/** Those of a send that was accepted. */
export const SENT_HEADERS: Headers = {
  [AnswerHeader.Replayed]: text('The first answer to this key; nothing was sent now', { enum: ['true'] }),
  [AnswerHeader.Preference]: text('The wait that was asked for by Prefer', { example: 'wait=2' }),
  ...RATE,
};

/** Those of a batch, of which some messages may not have been taken for now. */
export const BATCH_HEADERS: Headers = { ...SENT_HEADERS, ...RETRY_AFTER };

/** Those of a refusal. A token is judged before the rate of sends is. */
export function refusalHeaders(status: number, isSend: boolean): { readonly headers?: Headers } {
  const headers = { ...OF_REFUSALS[status], ...(isSend && status !== 401 && RATE) };
  return Object.keys(headers).length === 0 ? {} : { headers };
}
