import type { HttpServer } from '@nestjs/common';
import { mountRoute } from '../transports/http-exchange.js';
import type { HttpExchange } from '../transports/http-exchange.js';
import type { PushMetrics } from './push-metrics.js';

/** Answers scrapes on this path of the adapter, until the application ends. What went wrong is told to `onFailure`. */
export function mountMetrics(
  adapter: HttpServer,
  path: string,
  metrics: PushMetrics,
  onFailure: (cause: unknown) => void,
): void {
  mountRoute(adapter, 'get', path, ({ response }) => {
    answer(response, metrics).catch((cause: unknown) => {
      onFailure(cause);
      if (!response.headersSent) response.writeHead(500);
      response.end();
    });
  });
}

async function answer(response: HttpExchange['response'], metrics: PushMetrics): Promise<void> {
  const body = Buffer.from(await metrics.scrape());
  response.writeHead(200, {
    'Content-Type': metrics.contentType,
    'Content-Length': body.length,
    'Cache-Control': 'no-store',
  });
  response.end(body);
}
