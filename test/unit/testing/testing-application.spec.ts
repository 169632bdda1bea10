/** What of an application beside its sends PushTestingModule makes work: injection, `@OnPush`, gateways. */
import { afterEach, describe, expect, it } from '@jest/globals';
import { Inject, Injectable, Module, Scope } from '@nestjs/common';
import type { INestApplicationContext, ModuleMetadata } from '@nestjs/common';
import { MessageBody, SubscribeMessage } from '@nestjs/websockets';
import { Test } from '@nestjs/testing';
import type { TestingModule } from '@nestjs/testing';
import {
  AccessService,
  OnPush,
  PushAuthorizer,
  PushGateway,
  PushHealth,
  PushHealthIndicator,
  PushMetrics,
  PushModule,
  PushService,
  PushUser,
  PushWsAdapter,
} from 'nestjs-push';
import type {
  ConnectedEvent,
  DisconnectedEvent,
  KickedEvent,
  Principal,
  PushModuleOptions,
  SentEvent,
} from 'nestjs-push';
import { ManualClock, PushRecorder, PushTestingModule } from 'nestjs-push/testing';
import { eventually } from '../../support/eventually.js';

/** What a host writes down. */
@Injectable()
class AuditLog {
  readonly lines: string[] = [];

  @OnPush('connected')
  connected({ userId, groups }: ConnectedEvent): void {
    this.lines.push(`connected ${userId} ${groups.join()}`);
  }

  @OnPush('disconnected')
  disconnected({ userId, code }: DisconnectedEvent): void {
    this.lines.push(`disconnected ${userId} ${code}`);
  }

  @OnPush('sent')
  sent({ event }: SentEvent): void {
    this.lines.push(`sent ${event}`);
  }

  @OnPush('kicked')
  kicked({ userId }: KickedEvent): void {
    this.lines.push(`kicked ${userId}`);
  }
}

/** Sends before the others are there. */
@Injectable()
class EarlySender {
  constructor(@Inject(PushService) push: PushService) {
    void push.broadcast('early');
  }
}

@Injectable()
class StatusService {
  constructor(
    @Inject(PushHealth) readonly health: PushHealth,
    @Inject(PushHealthIndicator) readonly indicator: PushHealthIndicator,
    @Inject(PushMetrics) readonly metrics: PushMetrics,
    @Inject(AccessService) readonly access: AccessService,
  ) {}
}

@PushGateway()
class CartGateway {
  @SubscribeMessage('cart.add')
  add(@MessageBody() item: string, @PushUser() { userId }: Principal): string {
    return `${userId} takes ${item}`;
  }
}

const opened: INestApplicationContext[] = [];

async function compile(metadata: ModuleMetadata, options?: PushModuleOptions): Promise<TestingModule> {
  const { imports = [], ...others } = metadata;
  const definition = { imports: [PushTestingModule.forRoot(options), ...imports], ...others };
  const testing = await Test.createTestingModule(definition).compile();
  opened.push(testing);
  return testing;
}

afterEach(async () => {
  for (const context of opened.splice(0)) await context.close();
});

describe('an application over PushTestingModule', () => {
  it('is given everything that PushModule exports', async () => {
    const testing = await compile({ providers: [StatusService] });
    const { health, indicator, access } = testing.get(StatusService);

    expect(health.readiness).toEqual({ status: 'ready' });
    expect(indicator.isReady()).toEqual({ push: { status: 'up', state: 'ready' } });
    expect(access).toBeInstanceOf(AccessService);
  });

  it('sees its clients in the metrics, where it asks for them', async () => {
    const testing = await compile({ providers: [StatusService] }, { metrics: {} });
    testing.get(PushRecorder).connect('7');

    expect(await testing.get(StatusService).metrics.scrape()).toContain('push_connections{transport="ws"} 1');
  });

  it('is draining once it is closed', async () => {
    const testing = await compile({ providers: [StatusService] });
    await testing.close();
    expect(testing.get(StatusService).health.readiness).toEqual({ status: 'draining' });
  });

  it('hears by @OnPush what happens, also without being initialised', async () => {
    const testing = await compile({ providers: [AuditLog] });
    const { lines } = testing.get(AuditLog);
    const [recorder, push] = [testing.get(PushRecorder), testing.get(PushService)];

    await push.broadcast('before');
    const [one] = [recorder.connect('7', { groups: ['a', 'b'] }), recorder.connect('8', { expiresInSeconds: 60 })];
    await push.disconnect({ user: '7' });
    testing.get(ManualClock).advance(65_000);
    await eventually(() => lines.length === 6, { what: 'all events' });

    expect(lines).toEqual([
      'sent before',
      'connected 7 a,b',
      'connected 8 ',
      'kicked 7',
      'disconnected 7 4505',
      'disconnected 8 4001',
    ]);
    expect(one.transport.closed?.code).toBe(4505);
  });

  it('has called its @OnPush methods when it is closed, each once, initialised or not', async () => {
    for (const isInitialised of [false, true]) {
      const testing = await compile({ providers: [AuditLog] });
      if (isInitialised) await testing.init();
      testing.get(PushRecorder).connect('7');
      await testing.close();
      expect(testing.get(AuditLog).lines).toEqual(['connected 7 ']);
    }
  });

  it('hears of what comes after a send of a provider that was made before others', async () => {
    const testing = await compile({ providers: [EarlySender, AuditLog] });
    await testing.init();
    testing.get(PushRecorder).connect('7');
    await testing.close();
    expect(testing.get(AuditLog).lines).toContain('connected 7 ');
  });

  it('is told of an @OnPush method that could never be called', async () => {
    @Injectable({ scope: Scope.REQUEST })
    class PerRequest {
      @OnPush('sent')
      sent(): void {}
    }
    const testing = await compile({ providers: [PerRequest] });

    await expect(testing.init()).rejects.toMatchObject({ code: 'PUSH_ERR_INVALID_OPTION' });
    expect(() => testing.get(PushRecorder).connect('7')).toThrow('made for each request');
  });

  it('answers frames by its gateways, once the adapter is installed', async () => {
    const testing = await compile({ providers: [CartGateway] });
    const app = testing.createNestApplication({ logger: ['fatal'] });
    opened.push(app);
    app.useWebSocketAdapter(new PushWsAdapter(app));
    await app.init();

    const client = app.get(PushRecorder).connect('7');
    client.send('cart.add', 'milk', 'r1');

    await eventually(() => client.transport.received.length === 2, { what: 'the answer' });
    expect(client.transport.received[1]).toEqual({ event: 'push:ok', data: '7 takes milk', ref: 'r1' });
  });

  it('answers no frames by its gateways while it is only compiled', async () => {
    const testing = await compile({ providers: [CartGateway] });
    const client = testing.get(PushRecorder).connect('7');

    client.send('cart.add', 'milk', 'r1');

    await eventually(() => client.transport.received.length === 2, { what: 'the answer' });
    expect(client.transport.received[1]).toMatchObject({ event: 'push:error', data: { code: 'unknown_event' } });
  });

  it('lets clients join by an authorizer that takes the place of the default', async () => {
    const definition = { imports: [PushTestingModule.forRoot()] };
    const testing = await Test.createTestingModule(definition)
      .overrideProvider(PushAuthorizer)
      .useValue({ canJoin: (_: Principal, group: string) => group === 'open' })
      .compile();
    opened.push(testing);
    const client = testing.get(PushRecorder).connect('7');

    client.send('push:join', { group: 'open' }, 'r1');
    client.send('push:join', { group: 'closed' }, 'r2');

    await eventually(() => client.transport.received.length === 3, { what: 'both answers' });
    expect(client.transport.received.slice(1)).toMatchObject([
      { event: 'push:ok', ref: 'r1' },
      { event: 'push:error', data: { code: 'forbidden' }, ref: 'r2' },
    ]);
  });

  it('cannot have the real module beside it', async () => {
    const both = compile({ imports: [PushModule.forRoot({})] });
    await expect(both).rejects.toMatchObject({ code: 'PUSH_ERR_INVALID_OPTION' });
    await expect(both).rejects.toThrow('overrideModule');
  });

  it.each([
    ['forRoot', () => PushModule.forRoot({})],
    ['forRootAsync', () => PushModule.forRootAsync({ useFactory: () => ({}) })],
  ])('stands in for the real module where what %s returned is overridden', async (_method, create) => {
    const real = create();
    @Module({ imports: [real] })
    class AppModule {}
    const testing = await Test.createTestingModule({ imports: [AppModule] })
      .overrideModule(real)
      .useModule(PushTestingModule.forRoot())
      .compile();
    opened.push(testing);

    await testing.get(PushService).broadcast('e');

    expect(testing.get(PushRecorder).sent).toHaveLength(1);
  });

  it('keeps the real module where its class is overridden', async () => {
    const testing = await Test.createTestingModule({ imports: [PushModule.forRoot({})] })
      .overrideModule(PushModule)
      .useModule(PushTestingModule.forRoot())
      .compile();
    opened.push(testing);
    expect(() => testing.get(PushRecorder)).toThrow();
  });
});
