import type { HandshakeRequest } from './admission.js';

/** No dots: a token in the wrong header is no id, and stays out of every log. */
const REQUEST_ID = /^[A-Za-z0-9_-]{1,64}$/;

/** What a proxy, or the client, calls the request: its `X-Request-Id`, where that is fit to be logged. */
export function requestIdOf({ headers }: Pick<HandshakeRequest, 'headers'>): string | undefined {
  const id = headers['x-request-id'];
  return typeof id === 'string' && REQUEST_ID.test(id) ? id : undefined;
}
