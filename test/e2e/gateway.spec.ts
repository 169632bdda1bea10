import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  BadRequestException,
  Catch,
  ForbiddenException,
  InternalServerErrorException,
  Injectable,
  Scope,
  UseFilters,
  UseGuards,
  UseInterceptors,
  UsePipes,
  ValidationPipe,
} from '@nestjs/common';
import type { CallHandler, CanActivate, ExecutionContext, NestInterceptor, Provider } from '@nestjs/common';
import type { ArgumentsHost, ExceptionFilter } from '@nestjs/common';
import { APP_GUARD, APP_PIPE } from '@nestjs/core';
import { BaseWsExceptionFilter, ConnectedSocket, MessageBody, SubscribeMessage, WsException } from '@nestjs/websockets';
import type { OnGatewayConnection, OnGatewayDisconnect, OnGatewayInit, WsResponse } from '@nestjs/websockets';
import { IsInt } from 'class-validator';
import { EMPTY, Subject, concat, from, map, of, throwError } from 'rxjs';
import type { Observable } from 'rxjs';
import { PushConnection } from '../../src/gateway/push-connection.js';
import { PushGateway } from '../../src/gateway/push-gateway.decorator.js';
import { PushUser } from '../../src/gateway/push-user.decorator.js';
import { PushWsAdapter } from '../../src/gateway/push-ws.adapter.js';
import type { Principal } from '../../src/core/principal.js';
import type { PushModuleOptions } from '../../src/push-options.interface.js';
import type { Envelope } from '../../src/protocol/frames.js';
import { eventually } from '../support/eventually.js';
import { NEST_MAJOR } from '../support/nest-version.js';
import { PLATFORMS, PushApp } from '../support/push-app.js';
import type { Platform } from '../support/push-app.js';

let app: PushApp;
afterEach(() => app.close());

async function start(
  providers: Provider[],
  platform: Platform = 'fastify',
  push: PushModuleOptions = {},
): Promise<void> {
  app = await PushApp.start({
    platform,
    push,
    metadata: { providers },
    nest: { logger: false },
    configure: (nest) => nest.useWebSocketAdapter(new PushWsAdapter(nest)),
  });
}

function dataOf({ data }: Envelope): Readonly<Record<string, unknown>> {
  return data as Record<string, unknown>;
}

/** A gate that handlers wait at until the test opens it. */
class Gate {
  open: () => void = () => {};
  readonly opened = new Promise<void>((resolve) => (this.open = resolve));
}

@PushGateway()
class AnsweringGateway {
  static gate = new Gate();
  static live = new Subject<number>();
  static failure = new Subject<never>();

  @SubscribeMessage('echo')
  echo(@MessageBody() data: unknown): unknown {
    return data;
  }

  @SubscribeMessage('send.this')
  sendThis(@MessageBody() text: string, @ConnectedSocket() connection: PushConnection): void {
    const { event, data } = JSON.parse(text) as WsResponse;
    connection.send(event, data);
  }

  @SubscribeMessage('answer.this')
  answerThis(@MessageBody() text: string): unknown {
    return JSON.parse(text);
  }

  @SubscribeMessage('echo.member')
  echoMember(@MessageBody('name') name: unknown): unknown {
    return { name };
  }

  @SubscribeMessage('later')
  async later(@MessageBody() data: unknown): Promise<unknown> {
    await AnsweringGateway.gate.opened;
    return data;
  }

  @SubscribeMessage('nothing')
  nothing(): void {}

  @SubscribeMessage('named')
  named(): WsResponse<number> {
    return { event: 'order.named', data: 1 };
  }

  @SubscribeMessage('event.member')
  eventMember(): unknown {
    return { event: 'party', place: 'here' };
  }

  @SubscribeMessage('several')
  several(): Observable<unknown> {
    return from([1, { event: 'order.two', data: 2 }, 3]);
  }

  @SubscribeMessage('promised.several')
  async promisedSeveral(): Promise<Observable<number>> {
    return of(1, 2);
  }

  @SubscribeMessage('empty')
  empty(): Observable<never> {
    return EMPTY;
  }

  @SubscribeMessage('several.then.error')
  severalThenError(): Observable<number> {
    return concat(
      of(1),
      throwError(() => new Error('the reason is private')),
    );
  }

  @SubscribeMessage('failing.later')
  failingLater(): Observable<unknown> {
    return concat(of(1), AnsweringGateway.failure);
  }

  @SubscribeMessage('live')
  watch(): Observable<number> {
    return AnsweringGateway.live;
  }

  @SubscribeMessage('live.later')
  async watchLater(): Promise<Observable<number>> {
    await AnsweringGateway.gate.opened;
    return AnsweringGateway.live;
  }

  @SubscribeMessage('who')
  who(
    @PushUser() user: Principal,
    @PushUser('userId') userId: string,
    @ConnectedSocket() connection: PushConnection,
  ): unknown {
    return {
      groups: user.groups,
      userId,
      isConnection: connection instanceof PushConnection,
      id: connection.id,
      address: connection.address,
    };
  }

  @SubscribeMessage('tell.me')
  tellMe(@ConnectedSocket() connection: PushConnection): void {
    connection.send('told', { by: 'hand' });
  }

  @SubscribeMessage('leave')
  leave(@ConnectedSocket() connection: PushConnection): void {
    connection.close(4777, 'as you wish');
  }

  @SubscribeMessage('leave.with')
  leaveWith(@MessageBody() closing: [number, string], @ConnectedSocket() connection: PushConnection): void {
    connection.close(...closing);
  }

  @SubscribeMessage('hang')
  hang(): Promise<void> {
    return new Promise(() => {});
  }
}

describe.each(PLATFORMS)('a push gateway on %s', (platform) => {
  beforeEach(async () => {
    AnsweringGateway.gate = new Gate();
    AnsweringGateway.live = new Subject();
    await start([AnsweringGateway], platform, { maxFramesPerSecond: 10_000 });
  });

  it.each([[{ a: [1, null] }], ['text'], [0], [false], ['']])(
    'answers with what its handler returns (%j)',
    async (data) => {
      const client = await app.connect();
      expect(await client.request('echo', data, 'r1')).toEqual({ event: 'push:ok', data, ref: 'r1' });
    },
  );

  it('answers without ref where the frame had none', async () => {
    const client = await app.connect();
    client.send('echo', 1);
    expect(await client.next()).toEqual({ event: 'push:ok', data: 1 });
  });

  it('hands over one member of the data', async () => {
    const client = await app.connect();
    expect((await client.request('echo.member', { name: 'n' })).data).toEqual({ name: 'n' });
  });

  it('acknowledges a handler that returns nothing to those who ask with a ref, and only to them', async () => {
    const client = await app.connect();
    expect(await client.request('nothing', 1, 'r1')).toEqual({ event: 'push:ok', data: null, ref: 'r1' });
    client.send('nothing');
    expect(await client.settled()).toEqual([]);
  });

  it('answers under the event that a WsResponse names', async () => {
    const client = await app.connect();
    expect(await client.request('named', 1, 'r1')).toEqual({ event: 'order.named', data: 1, ref: 'r1' });
  });

  it('does not take any object with a member event for a WsResponse', async () => {
    const client = await app.connect();
    expect(await client.request('event.member')).toMatchObject({
      event: 'push:ok',
      data: { event: 'party', place: 'here' },
    });
  });

  it('answers with every value of an observable, in order', async () => {
    const client = await app.connect();
    client.send('several', 1, 'r1');
    client.send('promised.several', 1, 'r2');
    expect(await client.settled()).toEqual([
      { event: 'push:ok', data: 1, ref: 'r1' },
      { event: 'order.two', data: 2, ref: 'r1' },
      { event: 'push:ok', data: 3, ref: 'r1' },
      { event: 'push:ok', data: 1, ref: 'r2' },
      { event: 'push:ok', data: 2, ref: 'r2' },
    ]);
  });

  it('acknowledges an observable that has no value', async () => {
    const client = await app.connect();
    expect(await client.request('empty')).toMatchObject({ event: 'push:ok', data: null });
  });

  it('answers an observable that fails with its values and one error', async () => {
    const client = await app.connect();
    client.send('several.then.error', 1, 'r1');
    const frames = await client.settled();

    expect(frames).toMatchObject([
      { event: 'push:ok', data: 1, ref: 'r1' },
      { event: 'push:error', data: { code: 'internal' }, ref: 'r1' },
    ]);
    expect(JSON.stringify(frames)).not.toContain('private');
  });

  it('handles the frames behind an observable once it has given its first value', async () => {
    const client = await app.connect();
    client.send('live', 1, 'r1');
    await eventually(() => AnsweringGateway.live.observed);
    AnsweringGateway.live.next(1);

    expect(await client.request('push:ping', undefined, 'r2')).toMatchObject({ event: 'push:pong' });
    AnsweringGateway.live.next(2);

    expect(await client.next(({ data }) => data === 1)).toEqual({ event: 'push:ok', data: 1, ref: 'r1' });
    expect(await client.next(({ data }) => data === 2)).toEqual({ event: 'push:ok', data: 2, ref: 'r1' });
  });

  it('gives the error of an observable the ref of its own frame, also while another frame is handled', async () => {
    AnsweringGateway.failure = new Subject<never>();
    const client = await app.connect();
    client.send('failing.later', 1, 'r1');
    await client.next(({ ref }) => ref === 'r1');
    client.send('hang', 1, 'r2');
    await eventually(() => AnsweringGateway.failure.observed);

    AnsweringGateway.failure.error(new Error('the reason is private'));

    expect(await client.next('push:error')).toMatchObject({ data: { code: 'internal' }, ref: 'r1' });
  });

  it('ends the subscription to an observable with its connection', async () => {
    const client = await app.connect();
    client.send('live', 1, 'r1');
    await eventually(() => AnsweringGateway.live.observed);
    AnsweringGateway.live.next(5);
    expect(await client.next()).toEqual({ event: 'push:ok', data: 5, ref: 'r1' });

    await client.close();

    await eventually(() => !AnsweringGateway.live.observed);
  });

  it('does not go on with an observable that it gets when the connection has ended', async () => {
    const client = await app.connect();
    client.send('live.later');
    await client.close();
    await eventually(async () => !(await app.push.isOnline('7')));

    AnsweringGateway.gate.open();
    await eventually(() => AnsweringGateway.live.observed);
    AnsweringGateway.live.next(1);

    expect(AnsweringGateway.live.observed).toBe(false);
  });

  it('tells its handlers who is there', async () => {
    const client = await app.connect('7', { groups: ['a'] });
    const { items } = await app.push.connections();
    expect((await client.request('who')).data).toEqual({
      groups: ['a'],
      userId: '7',
      isConnection: true,
      id: items[0]?.connectionId,
      address: '127.0.0.1',
    });
  });

  it.each([
    ['a reserved event', { event: 'push:welcome', data: 1 }],
    ['what is no event', { event: 'bad name!', data: 1 }],
    ['a key __proto__', { event: 'told', data: JSON.parse('{"__proto__":1}') }],
  ])('sends no client %s, be it by the connection or as an answer', async (_what, answer) => {
    const client = await app.connect();
    for (const way of ['send.this', 'answer.this']) {
      const answered = await client.request(way, JSON.stringify(answer), way);
      expect(answered).toMatchObject({ event: 'push:error', data: { code: 'internal' }, ref: way });
    }
  });

  it('acknowledges with no key __proto__ either', async () => {
    const client = await app.connect();
    const answered = await client.request('answer.this', '{"x":{"__proto__":1}}', 'r1');
    expect(answered).toMatchObject({ event: 'push:error', data: { code: 'internal' }, ref: 'r1' });
  });

  it('lets its handlers send to the connection and close it', async () => {
    const client = await app.connect();
    client.send('tell.me');
    expect(await client.next()).toEqual({ event: 'told', data: { by: 'hand' } });
    client.send('leave');
    expect(await client.end()).toEqual({ code: 4777, reason: 'as you wish' });
  });

  it.each([
    [999, ''],
    [1005, ''],
    [2000, ''],
    [5000, ''],
    [4000.5, ''],
    [4000, 'x'.repeat(124)],
  ])('closes nothing with what no close frame carries (%d %s)', async (code, reason) => {
    const client = await app.connect();
    const refused = await client.request('leave.with', [code, reason]);
    expect(refused).toMatchObject({ event: 'push:error', data: { code: 'internal' } });
    expect(await client.request('echo', 'still here')).toMatchObject({ data: 'still here' });
  });

  it('handles the frames of a connection in order, whatever their handlers take', async () => {
    const client = await app.connect();
    for (const [index, event] of ['later', 'echo', 'push:ping', 'unknown', 'later', 'echo'].entries()) {
      client.send(event, index, `${index}`);
    }
    const bystander = await app.connect('8');
    expect(await bystander.request('echo', 1)).toMatchObject({ data: 1 });
    expect(client.frames).toEqual([]);

    AnsweringGateway.gate.open();

    expect((await client.settled()).map(({ ref }) => ref)).toEqual(['0', '1', '2', '3', '4', '5']);
  });

  it('loses nothing of a connection that it stopped reading', async () => {
    const client = await app.connect();
    const count = 2_000;
    for (let index = 0; index < count; index++) client.send('later', 'x'.repeat(1_000), `${index}`);

    AnsweringGateway.gate.open();
    await eventually(() => client.frames.length === count, { timeoutMs: 15_000 });

    expect(client.frames.map(({ ref }) => ref)).toEqual(Array.from({ length: count }, (_, index) => `${index}`));
  });

  it('goes on with other connections, of the same user too, while a handler hangs', async () => {
    const [stuck, sibling, other] = [await app.connect('7'), await app.connect('7'), await app.connect('8')];
    for (let frame = 0; frame < 50; frame++) stuck.send('hang');

    expect(await sibling.request('echo', 1)).toMatchObject({ data: 1 });
    expect(await other.request('echo', 2)).toMatchObject({ data: 2 });
    await app.push.toUser('7', 'e');
    expect(await stuck.next()).toMatchObject({ event: 'e' });
  });

  it('closes a connection whose handler hangs as soon as it is told to', async () => {
    const stuck = await app.connect('7');
    for (let frame = 0; frame < 50; frame++) stuck.send('hang', 'x'.repeat(10_000));
    await app.push.toUser('7', 'e');
    await stuck.next('e');

    await app.push.disconnect({ user: '7' });

    await eventually(() => stuck.closed?.code === 4505, { timeoutMs: 2_000 });
  });
});

class OutOfStock extends Error {
  constructor() {
    super('nothing left in warehouse 12');
  }
}

class OrderDto {
  @IsInt()
  readonly orderId!: number;
}

@Injectable()
class StaffGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    return context.switchToWs().getClient<PushConnection>().user.groups.includes('staff');
  }
}

@Injectable()
class TalkingGuard implements CanActivate {
  canActivate(): boolean {
    throw new ForbiddenException('staff only');
  }
}

@Injectable()
class Doubling implements NestInterceptor {
  intercept(_context: ExecutionContext, next: CallHandler<number>): Observable<number> {
    return next.handle().pipe(map((value) => value * 2));
  }
}

@PushGateway()
class GuardedGateway {
  @UseGuards(StaffGuard)
  @SubscribeMessage('staff')
  staff(): string {
    return 'welcome';
  }

  @UseGuards(TalkingGuard)
  @SubscribeMessage('talking.guard')
  talkingGuard(): void {}

  @UsePipes(new ValidationPipe({ whitelist: true, transform: true }))
  @SubscribeMessage('place')
  place(@MessageBody() order: OrderDto): unknown {
    return { order, isOrder: order instanceof OrderDto };
  }

  @UseInterceptors(Doubling)
  @SubscribeMessage('double')
  double(@MessageBody() value: number): number {
    return value;
  }

  @SubscribeMessage('ws.exception')
  wsException(): void {
    throw new WsException('sold out');
  }

  @SubscribeMessage('ws.exception.code')
  wsExceptionWithCode(): void {
    throw new WsException({ code: 'rate_limited', message: 'one a day' });
  }

  @SubscribeMessage('bad.request')
  badRequest(): void {
    throw new BadRequestException('no such product');
  }

  @SubscribeMessage('server.error')
  serverError(): void {
    throw new InternalServerErrorException('password of the database');
  }

  @SubscribeMessage('error')
  async error(): Promise<void> {
    throw new Error('password of the database');
  }

  @SubscribeMessage('no.error')
  noError(): void {
    // oxlint-disable-next-line typescript/only-throw-error
    throw 'password of the database';
  }
}

describe.each(PLATFORMS)('guards, pipes, interceptors and exceptions on %s', (platform) => {
  beforeEach(() => start([GuardedGateway], platform));

  it('a guard lets through whom it means to, and others get forbidden', async () => {
    const [staff, guest] = [await app.connect('7', { groups: ['staff'] }), await app.connect('8')];
    expect(await staff.request('staff')).toMatchObject({ event: 'push:ok', data: 'welcome' });
    expect(await guest.request('staff', 1, 'r1')).toMatchObject({
      event: 'push:error',
      data: { code: 'forbidden', status: 403 },
      ref: 'r1',
    });
  });

  it('a guard may say why', async () => {
    const client = await app.connect();
    expect((await client.request('talking.guard')).data).toMatchObject({ code: 'forbidden', detail: 'staff only' });
  });

  it('a pipe that refuses the data gives invalid_data and says what was wrong', async () => {
    const client = await app.connect();
    expect(await client.request('place', { orderId: 'five' }, 'r1')).toMatchObject({
      event: 'push:error',
      data: { code: 'invalid_data', status: 400, detail: 'orderId must be an integer number' },
      ref: 'r1',
    });
  });

  it('a pipe changes the data that a handler gets', async () => {
    const client = await app.connect();
    const answer = await client.request('place', { orderId: 5, extra: true });
    expect(answer.data).toEqual({ order: { orderId: 5 }, isOrder: true });
  });

  it('an interceptor changes the answer', async () => {
    const client = await app.connect();
    expect((await client.request('double', 21)).data).toBe(42);
  });

  it.each([
    ['ws.exception', { code: 'invalid_data', status: 400, detail: 'sold out' }],
    ['ws.exception.code', { code: 'rate_limited', status: 429, detail: 'one a day', retryable: true }],
    ['bad.request', { code: 'invalid_data', status: 400, detail: 'no such product' }],
  ])('an exception meant for the client (%s) reaches it', async (event, data) => {
    const client = await app.connect();
    expect(await client.request(event, {}, 'r1')).toMatchObject({ event: 'push:error', data, ref: 'r1' });
  });

  it.each(['server.error', 'error', 'no.error'])('any other (%s) is internal and says nothing more', async (event) => {
    const client = await app.connect();
    const answer = await client.request(event, { secret: 'of the client' }, 'r1');

    expect(answer).toMatchObject({ event: 'push:error', data: { code: 'internal', status: 500 }, ref: 'r1' });
    expect(JSON.stringify(answer)).not.toMatch(/password|secret/);
    expect(await client.request('double', 1)).toMatchObject({ data: 2 });
  });
});

@Catch(OutOfStock)
class StockFilter extends BaseWsExceptionFilter {
  override catch(_exception: OutOfStock, host: ArgumentsHost): void {
    const ws = host.switchToWs();
    const cause = { pattern: ws.getPattern(), data: ws.getData<unknown>() };
    this.handleError(ws.getClient(), new WsException('come back tomorrow'), cause);
  }
}

@Catch(OutOfStock)
class OwnAnswerFilter implements ExceptionFilter {
  catch(_exception: OutOfStock, host: ArgumentsHost): void {
    host.switchToWs().getClient<PushConnection>().fail('forbidden', 'by the filter');
  }
}

class SellingGateway {
  @SubscribeMessage('sell')
  sell(): void {
    throw new OutOfStock();
  }

  @SubscribeMessage('other')
  other(): void {
    throw new WsException('by our own filter');
  }
}

@UseFilters(StockFilter)
@PushGateway()
class FilterAboveGateway extends SellingGateway {}

@PushGateway()
@UseFilters(new StockFilter())
class FilterBelowGateway extends SellingGateway {}

@PushGateway()
class FilterOnMethodGateway {
  @UseFilters(OwnAnswerFilter)
  @SubscribeMessage('sell')
  sell(): void {
    throw new OutOfStock();
  }
}

describe("the host's own filters", () => {
  it.each([
    ['above', FilterAboveGateway],
    ['below', FilterBelowGateway],
  ])('come before ours when they stand %s @PushGateway()', async (_where, gateway) => {
    await start([gateway]);
    const client = await app.connect();

    const caught = await client.request('sell', { secret: 1 }, 'r1');
    const others = await client.request('other', 1, 'r2');

    expect(caught).toMatchObject({ event: 'push:error', data: { detail: 'come back tomorrow' }, ref: 'r1' });
    expect(JSON.stringify(caught)).not.toContain('secret');
    expect(others).toMatchObject({ data: { code: 'invalid_data', detail: 'by our own filter' }, ref: 'r2' });
  });

  it('work on a method and may answer by themselves', async () => {
    await start([FilterOnMethodGateway]);
    const client = await app.connect();
    expect(await client.request('sell', 1, 'r1')).toMatchObject({
      event: 'push:error',
      data: { code: 'forbidden', detail: 'by the filter' },
      ref: 'r1',
    });
    expect(await client.settled()).toEqual([]);
  });
});

@PushGateway()
class LifeGateway implements OnGatewayInit, OnGatewayConnection, OnGatewayDisconnect {
  static seen: string[] = [];

  afterInit(): void {
    LifeGateway.seen.push('init');
  }

  handleConnection(connection: PushConnection): void {
    LifeGateway.seen.push(`connected ${connection.user.userId}`);
    connection.send('hello', connection.user.userId);
    if (connection.user.userId === 'unwanted') connection.close(4503, 'not you');
  }

  handleDisconnect(connection: PushConnection): void {
    LifeGateway.seen.push(`disconnected ${connection.user.userId} ${connection.isOpen}`);
  }
}

describe('the life of a gateway', () => {
  beforeEach(async () => {
    LifeGateway.seen = [];
    await start([LifeGateway]);
  });

  it('begins with afterInit and hears of every connection and its end, once', async () => {
    const client = await app.connect('7');
    await client.close();
    await eventually(() => LifeGateway.seen.length === 3);
    await app.connect('8');
    await app.push.disconnect({ user: '8' });

    expect(LifeGateway.seen).toEqual([
      'init',
      'connected 7',
      'disconnected 7 false',
      'connected 8',
      'disconnected 8 false',
    ]);
  });

  it('may greet, after the welcome', async () => {
    const client = await app.connect('7');
    expect(await client.settled()).toEqual([{ event: 'hello', data: '7' }]);
  });

  it('may turn a connection away, and hears that it is gone', async () => {
    const client = await app.connect('unwanted');
    expect(await client.end()).toEqual({ code: 4503, reason: 'not you' });
    await eventually(() => LifeGateway.seen.includes('disconnected unwanted false'));
    expect(client.frames.map(({ event }) => event)).toEqual(['hello']);
  });

  it('hears of the connections that end with the application', async () => {
    await app.connect('7');
    await app.close();
    expect(LifeGateway.seen.at(-1)).toBe('disconnected 7 false');
  });
});

@PushGateway()
class FirstGateway {
  @SubscribeMessage('shared')
  shared(): string {
    return 'first';
  }

  @SubscribeMessage('first')
  first(): string {
    return 'first alone';
  }
}

@PushGateway()
class SecondGateway {
  @SubscribeMessage('shared')
  shared(): string {
    return 'second';
  }

  @SubscribeMessage('fails')
  fails(): void {
    throw new Error('private');
  }
}

@PushGateway()
class ThirdGateway {
  @SubscribeMessage('fails')
  succeeds(): string {
    return 'third';
  }
}

describe('several gateways', () => {
  beforeEach(() => start([FirstGateway, SecondGateway, ThirdGateway]));

  it('share the connections, each with its own events', async () => {
    const client = await app.connect();
    expect((await client.request('first')).data).toBe('first alone');
  });

  it('all handle an event that several of them know, and all answers go back', async () => {
    const client = await app.connect();
    client.send('shared', 1, 'r1');
    const answers = await client.settled();
    expect(answers).toHaveLength(2);
    expect(answers.every(({ ref }) => ref === 'r1')).toBe(true);
    expect(new Set(answers.map(({ data }) => data))).toEqual(new Set(['first', 'second']));
  });

  it('do not spoil it for one another', async () => {
    const client = await app.connect();
    client.send('fails', 1, 'r1');
    const answers = await client.settled();
    expect(answers.map(({ event }) => event).sort()).toEqual(['push:error', 'push:ok']);
  });
});

@PushGateway()
@Injectable({ scope: Scope.REQUEST })
class RequestScopedGateway {
  @SubscribeMessage('echo')
  echo(@MessageBody() data: unknown): unknown {
    return data;
  }
}

@Injectable()
class NobodyGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    return context.getType() !== 'ws';
  }
}

describe('what concerns the whole application', () => {
  @PushGateway()
  class OpenGateway {
    @SubscribeMessage('place')
    place(@MessageBody() order: OrderDto): unknown {
      return order;
    }
  }

  // Nest 11 asks no global enhancer for a gateway, whoever's it is; Nest 12 asks them all.
  const isGlobalAsked = NEST_MAJOR >= 12;

  it('a global guard and a global pipe hold for push gateways where Nest has them hold for gateways', async () => {
    await start([OpenGateway, { provide: APP_GUARD, useClass: NobodyGuard }]);
    const guarded = await (await app.connect()).request('place', { orderId: 1 });
    expect(guarded).toMatchObject(isGlobalAsked ? { data: { code: 'forbidden' } } : { event: 'push:ok' });
    await app.close();

    await start([OpenGateway, { provide: APP_PIPE, useValue: new ValidationPipe({ whitelist: true }) }]);
    const piped = await (await app.connect()).request('place', { orderId: 'x' });
    expect(piped).toMatchObject(isGlobalAsked ? { data: { code: 'invalid_data' } } : { event: 'push:ok' });
  });

  it('a gateway of request scope answers', async () => {
    await start([RequestScopedGateway]);
    expect((await (await app.connect()).request('echo', 5)).data).toBe(5);
  });

  it('a push gateway without the adapter is an error at boot that names the line to add', async () => {
    const boot = PushApp.start({ metadata: { providers: [GuardedGateway] }, nest: { logger: false } });
    await expect(boot).rejects.toMatchObject({
      code: 'PUSH_ERR_ADAPTER_MISSING',
      message: expect.stringContaining('app.useWebSocketAdapter(new PushWsAdapter(app))'),
    });
    await start([]);
  });

  it('frames of the protocol are never handed to a gateway', async () => {
    @PushGateway()
    class GreedyGateway {
      @SubscribeMessage('push:ping')
      ping(): string {
        return 'mine';
      }
    }
    await start([GreedyGateway]);
    expect(await (await app.connect()).request('push:ping')).toMatchObject({ event: 'push:pong' });
  });
});

it('keeps the detail of an error short', async () => {
  @PushGateway()
  class ChattyGateway {
    @SubscribeMessage('chat')
    chat(): void {
      throw new WsException('x'.repeat(10_000));
    }
  }
  await start([ChattyGateway]);
  const { detail } = dataOf(await (await app.connect()).request('chat'));
  expect(String(detail)).toHaveLength(500);
});
