/**
 * Lets `@SubscribeMessage` handlers of push gateways run on push connections. Everything that concerns other gateways
 * goes to a fallback adapter, so Socket.IO and `ws` gateways of the same application work as before.
 */
import 'reflect-metadata';
import { createRequire } from 'node:module';
import type { INestApplicationContext, WebSocketAdapter } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { WebSocketGateway } from '@nestjs/websockets';
import type { BaseWsInstance } from '@nestjs/websockets';
import { PushError } from '../core/push-error.js';
import { GatewayBridge } from './gateway-bridge.js';
import { PushConnection } from './push-connection.js';
import { isPushGateway } from './push-gateway.decorator.js';

/** The path by which Nest's gateway machinery recognises push gateways; never on the wire. */
const PUSH_GATEWAY_PATH = '/nestjs-push:connections';

type Adapter = WebSocketAdapter<BaseWsInstance>;
type Transform = Parameters<Adapter['bindMessageHandlers']>[2];

/** Install it with `app.useWebSocketAdapter(new PushWsAdapter(app))`, before `app.listen()`. */
export class PushWsAdapter implements WebSocketAdapter {
  private readonly bridge: GatewayBridge;
  private resolvedFallback: Adapter | undefined;
  private shouldForceClose: boolean | undefined;

  /**
   * @param app The application; must import PushModule, else this throws a PushError.
   * @param fallback Serves all other gateways. Without one it is Nest's default, the Socket.IO adapter, where that is
   * installed and a gateway needs it.
   */
  constructor(
    private readonly app: INestApplicationContext,
    fallback?: WebSocketAdapter,
  ) {
    this.resolvedFallback = fallback as Adapter | undefined;
    const modules = app.get(ModulesContainer, { strict: false });
    this.bridge = bridgeIn(modules);
    this.bridge.isInstalled = true;
    for (const gateway of gatewaysIn(modules)) WebSocketGateway({ path: PUSH_GATEWAY_PATH })(gateway);
  }

  create(port: number, options: { readonly path?: string } = {}): unknown {
    return options.path === PUSH_GATEWAY_PATH ? this.bridge : this.fallback.create(port, options);
  }

  bindClientConnect(server: BaseWsInstance | GatewayBridge, callback: (...args: unknown[]) => void): void {
    if (server instanceof GatewayBridge) server.on('connection', callback);
    else this.fallback.bindClientConnect(server, callback);
  }

  bindClientDisconnect(client: BaseWsInstance | PushConnection, callback: (...args: unknown[]) => void): void {
    if (client instanceof PushConnection) client.once('close', callback);
    else this.fallback.bindClientDisconnect?.(client, callback);
  }

  bindMessageHandlers(
    client: BaseWsInstance | PushConnection,
    handlers: Parameters<Adapter['bindMessageHandlers']>[1],
    transform: Transform,
  ): void {
    if (client instanceof PushConnection) client.addHandlers(handlers);
    else this.fallback.bindMessageHandlers(client, handlers, transform);
  }

  async close(server: BaseWsInstance | GatewayBridge): Promise<void> {
    // Push connections are ended by the module itself, in good order.
    if (server instanceof GatewayBridge) server.removeAllListeners();
    else await this.fallback.close(server);
  }

  async dispose(): Promise<void> {
    await (this.resolvedFallback as { dispose?: () => Promise<void> } | undefined)?.dispose?.();
  }

  /** Nest tells its adapters whether to cut connections when the application ends; that is for the fallback alone. */
  set forceCloseConnections(value: boolean) {
    this.shouldForceClose = value;
    if (this.resolvedFallback) Object.assign(this.resolvedFallback, { forceCloseConnections: value });
  }

  private get fallback(): Adapter {
    if (!this.resolvedFallback) {
      this.resolvedFallback = defaultAdapter(this.app);
      if (this.shouldForceClose !== undefined) this.forceCloseConnections = this.shouldForceClose;
    }
    return this.resolvedFallback;
  }
}

/** Throws a PushError when the host has push gateways and has not installed the adapter that runs them. */
export function assertAdapterInstalled(bridge: GatewayBridge, modules: ModulesContainer): void {
  if (bridge.isInstalled) return;
  const [gateway] = gatewaysIn(modules);
  if (!gateway) return;
  throw new PushError(
    'PUSH_ERR_ADAPTER_MISSING',
    `${gateway.name} is a push gateway, and its handlers need an adapter. ` +
      'Add this line to main.ts before app.listen(): app.useWebSocketAdapter(new PushWsAdapter(app));',
  );
}

/** Not by `app.get`: the application that NestFactory makes ends the process over a provider that is not there. */
function bridgeIn(modules: ModulesContainer): GatewayBridge {
  for (const { providers } of modules.values()) {
    const bridge = providers.get(GatewayBridge)?.instance;
    if (bridge instanceof GatewayBridge) return bridge;
  }
  throw new PushError('PUSH_ERR_ADAPTER_MISSING', 'PushWsAdapter needs PushModule in the imports of the application');
}

function gatewaysIn(modules: ModulesContainer): (new (...args: never[]) => unknown)[] {
  return [...modules.values()]
    .flatMap((module) => [...module.providers.values()])
    .map(({ metatype }) => metatype)
    .filter((metatype) => isPushGateway(metatype)) as (new (...args: never[]) => unknown)[];
}

/** Where `@SubscribeMessage()` leaves the name of the event. */
const MESSAGE_METADATA = 'message';

/** The events that handlers of the application's push gateways take, each once. */
export function handledEventsIn(modules: ModulesContainer): readonly string[] {
  const events = gatewaysIn(modules).flatMap((gateway) => methodsOf(gateway.prototype as object).map(eventOf));
  return [...new Set(events.filter((event) => event !== undefined))].sort();
}

function methodsOf(prototype: object): readonly unknown[] {
  const above: unknown = Object.getPrototypeOf(prototype);
  const own = Object.values(Object.getOwnPropertyDescriptors(prototype)).map(({ value }): unknown => value);
  return above === Object.prototype || above === null ? own : [...own, ...methodsOf(above as object)];
}

function eventOf(method: unknown): string | undefined {
  if (typeof method !== 'function') return undefined;
  const event: unknown = Reflect.getMetadata(MESSAGE_METADATA, method);
  return typeof event === 'string' ? event : undefined;
}

/** What Nest itself takes where a host has installed no adapter, from where Nest would load it. */
function defaultAdapter(app: INestApplicationContext): Adapter {
  try {
    const nestsOwn = createRequire(createRequire(import.meta.url).resolve('@nestjs/websockets'));
    const platform = nestsOwn('@nestjs/platform-socket.io') as {
      IoAdapter: new (app: INestApplicationContext) => Adapter;
    };
    return new platform.IoAdapter(app);
  } catch (cause) {
    throw new PushError(
      'PUSH_ERR_ADAPTER_MISSING',
      'A gateway that is no push gateway needs an adapter, and @nestjs/platform-socket.io could not be loaded. ' +
        'Name one in main.ts: app.useWebSocketAdapter(new PushWsAdapter(app, new WsAdapter(app)));',
      { cause },
    );
  }
}
