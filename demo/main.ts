/**
 * The demo: a shop's back end that pushes through `nestjs-push` as any host would. It reads its environment, says one
 * line `listening on <url>` when it is ready, and ends by itself when it is told to.
 */
import 'reflect-metadata';
import type { INestApplication } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { PushError } from 'nestjs-push';
import { createApplication } from './application.js';
import { EnvironmentError } from './environment-reader.js';
import { type DemoEnvironment, readEnvironment } from './environment.js';
import { closeOnSignal } from './shutdown.js';

/** Connections of a crowd that wait until the process takes them; Node asks for 511, and the kernel drops what is past it. */
const BACKLOG = 4_096;

async function start(): Promise<void> {
  const environment = readEnvironment(process.env);
  for (const notice of environment.notices) console.log(notice);
  const app = await createApplication(environment);
  const { port, host } = environment;
  // On Express too: Nest hands this to Node as it is, whatever its types say there.
  const listening = (app as NestFastifyApplication).listen({ port, host, backlog: BACKLOG });
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

/** Where whoever starts the demo can mend it (a variable, a busy port), a stack would only hide what to do. */
function explain(error: unknown): unknown {
  const isTheirs = error instanceof EnvironmentError || error instanceof PushError || isSystemError(error);
  return isTheirs ? error.message : error;
}

function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'syscall' in error;
}

await start().catch((error: unknown) => {
  console.error(explain(error));
  process.exitCode = 1;
});
