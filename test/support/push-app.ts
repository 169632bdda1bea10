import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { INestApplication, ModuleMetadata } from '@nestjs/common';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import { PushModule } from '../../src/push.module.js';
import type { PushModuleExtras, PushModuleOptions } from '../../src/push-options.interface.js';
import { PushService } from '../../src/push/push.service.js';
import { TEST_SECRET, signToken } from './tokens.js';
import type { Claims } from './tokens.js';
import { WsClient } from './ws-client.js';
import type { WsClientOptions } from './ws-client.js';

/** The HTTP platforms of Nest. */
export const PLATFORMS = ['express', 'fastify'] as const;
export type Platform = (typeof PLATFORMS)[number];

/** What a test wants of its application. */
export interface PushAppOptions {
  readonly platform?: Platform;
  readonly push?: PushModuleOptions & PushModuleExtras;
  readonly metadata?: ModuleMetadata;
  /** Options of `createNestApplication`, such as `httpsOptions`. */
  readonly nest?: Record<string, unknown>;
  /** Options of `FastifyAdapter`, such as `routerOptions`. */
  readonly fastify?: Record<string, unknown>;
  /** Has the options come from a factory, with these extras beside it. */
  readonly beside?: PushModuleExtras;
  /** Runs before the application listens, as main.ts would; what it returns is waited for. */
  readonly configure?: (app: INestApplication) => unknown;
}

/** A Nest application with PushModule, listening on a free port of loopback. */
export class PushApp {
  private readonly clients: WsClient[] = [];

  private constructor(
    readonly app: INestApplication,
    readonly isEncrypted: boolean,
  ) {}

  static async start({
    platform = 'fastify',
    push,
    beside,
    metadata,
    nest,
    fastify,
    configure,
  }: PushAppOptions = {}): Promise<PushApp> {
    const auth = { jwt: { secret: TEST_SECRET, algorithms: ['HS256' as const] } };
    // The event loop is the test's own: that it is late on a busy machine says nothing about the application.
    const options = { auth, maxEventLoopDelayMs: 0, ...push };
    const { imports = [], ...rest } = metadata ?? {};
    const testing = await Test.createTestingModule({
      imports: [
        beside ? PushModule.forRootAsync({ useFactory: () => options, ...beside }) : PushModule.forRoot(options),
        ...imports,
      ],
      ...rest,
    }).compile();
    const nestOptions = { logger: ['fatal' as const], ...nest };
    const app =
      platform === 'fastify'
        ? testing.createNestApplication(new FastifyAdapter({ ...fastifyOptions(nest), ...fastify }), nestOptions)
        : testing.createNestApplication(nestOptions);
    await configure?.(app);
    await app.listen(0, '127.0.0.1');
    return new PushApp(app, nest?.['httpsOptions'] !== undefined);
  }

  get push(): PushService {
    return this.app.get(PushService);
  }

  get server(): Server {
    return this.app.getHttpServer() as Server;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  /** `http://127.0.0.1:port`, or https. */
  get origin(): string {
    return `http${this.isEncrypted ? 's' : ''}://127.0.0.1:${this.port}`;
  }

  get wsUrl(): string {
    return `${this.origin.replace('http', 'ws')}/push/ws`;
  }

  /** Connects a user and takes its welcome out of the queue. */
  async connect(sub = '7', claims: Claims = {}, options: WsClientOptions & { query?: string } = {}): Promise<WsClient> {
    const { query = '', ...rest } = options;
    const client = await WsClient.connect(this.wsUrl + query, { token: signToken({ sub, ...claims }), ...rest });
    this.clients.push(client);
    await client.next('push:welcome');
    return client;
  }

  /** Ends the application and with it all connections. */
  async close(): Promise<void> {
    await this.app.close();
    for (const client of this.clients) client.socket.terminate();
  }
}

function fastifyOptions(nest: Record<string, unknown> | undefined): Record<string, unknown> {
  return nest?.['httpsOptions'] === undefined ? {} : { https: nest['httpsOptions'] };
}
