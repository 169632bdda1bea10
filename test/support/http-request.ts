import { once } from 'node:events';
import { request as httpRequest } from 'node:http';
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';

/** What a test asks for. */
export interface HttpRequestOptions {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
  /** Leaves once the head of the answer is there, as for a stream. */
  readonly onlyHead?: boolean;
  readonly signal?: AbortSignal;
}

/** One HTTP answer. */
export interface HttpAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

/**
 * One request on a socket of its own, which is gone afterwards. `fetch` opens spare sockets, and a server that closes
 * waits for them.
 */
export async function ask(
  url: string,
  { method = 'GET', headers = {}, body, onlyHead = false, signal }: HttpRequestOptions = {},
): Promise<HttpAnswer> {
  const request = httpRequest(url, { method, headers, agent: false, ...(signal && { signal }) });
  request.end(body);
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  const { statusCode: status = 0 } = response;
  let text = '';
  if (onlyHead) {
    response.destroy();
  } else {
    response.setEncoding('utf8');
    for await (const chunk of response) text += chunk as string;
  }
  return { status, headers: response.headers, text };
}
