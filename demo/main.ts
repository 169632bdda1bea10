/**
 * The demo: a shop's back end that pushes through `nestjs-push` as any host would. It reads its environment, says one
 * line `listening on <url>` when it is ready, and ends by itself when it is told to.
 */
import 'reflect-metadata';
import type { INestApplication } from '@nestjs/common';
import { createApplication } from './application.js';
import { type DemoEnvironment, readEnvironment } from './environment.js';
import { closeOnSignal } from './shutdown.js';

async function start(): Promise<void> {
  const environment = readEnvironment(process.env);
  for (const notice of environment.notices) console.log(notice);
  const app = await createApplication(environment);
  const listening = app.listen(environment.port, environment.host);
  closeOnSignal(app, listening);
  try {
    await listening;
  } catch (error) {
    await app.close();
    throw error;
  }
  console.log(`listening on ${urlOf(app, environment)}`);
}

function urlOf(app: INestApplication, { host, tls }: DemoEnvironment): string {
  const address: unknown = app.getHttpServer().address();
  const { port } = address as { port: number };
  const everywhere = host === '0.0.0.0' || host === '::';
  const name = everywhere ? 'localhost' : host.includes(':') ? `[${host}]` : host;
  return `${tls ? 'https' : 'http'}://${name}:${port}`;
}

await start().catch((error: unknown) => {
  // A stack says nothing to someone who has to mend a variable or a busy port.
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
