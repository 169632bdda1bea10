import type { ServerResponse } from 'node:http';
import type { Writable } from 'node:stream';

/**
 * The stream of an HTTP/2 answer; undefined for any other. The version that a request names does not tell: Node takes one
 * that calls itself HTTP/2.0 or HTTP/0.9 on a connection of HTTP/1.
 */
export function streamOf(response: ServerResponse): Writable | undefined {
  return (response as ServerResponse & { readonly stream?: Writable }).stream;
}

/** Whether the answer shares its connection with others by HTTP/2. */
export function isHttp2(response: ServerResponse): boolean {
  return streamOf(response) !== undefined;
}
