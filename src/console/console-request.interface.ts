import type { IncomingHttpHeaders } from 'node:http';

/** The part of a request that is looked at, the same on Express and Fastify. */
export interface ConsoleHttpRequest {
  readonly headers: IncomingHttpHeaders;
  readonly params: Readonly<Record<string, string>>;
  readonly url?: string;
  /** On both platforms the address as it was sent; Express changes `url` behind a router. */
  readonly originalUrl?: string;
  /** Whom guards of the host have found. */
  readonly user?: unknown;
}
