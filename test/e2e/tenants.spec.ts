import { afterEach, describe, expect, it } from '@jest/globals';
import { ForbiddenException, Inject, Injectable } from '@nestjs/common';
import type { CanActivate, ExecutionContext } from '@nestjs/common';
import { ConnectedSocket, MessageBody, SubscribeMessage } from '@nestjs/websockets';
import { PushAuthenticator } from '../../src/auth/push-authenticator.js';
import type { Principal } from '../../src/core/principal.js';
import { PushConnection } from '../../src/gateway/push-connection.js';
import { PushGateway } from '../../src/gateway/push-gateway.decorator.js';
import { PushUser } from '../../src/gateway/push-user.decorator.js';
import { PushWsAdapter } from '../../src/gateway/push-ws.adapter.js';
import type { PushModuleExtras, PushModuleOptions } from '../../src/push-options.interface.js';
import { PushService } from '../../src/push/push.service.js';
import { TenantSpaces } from '../../src/push/tenant-spaces.js';
import { PushApiGuard } from '../../src/rest/push-api.guard.js';
import { eventually } from '../support/eventually.js';
import { ask } from '../support/http-request.js';
import { PLATFORMS, PushApp } from '../support/push-app.js';
import { RestClient } from '../support/rest-client.js';
import { bearer, signToken, TEST_SECRET } from '../support/tokens.js';
import { refusalOf } from '../support/ws-client.js';

const AUTH = { jwt: { secret: TEST_SECRET, algorithms: ['HS256' as const] }, tenantClaim: 'tenant' };

let app: PushApp | undefined;

afterEach(async () => {
  await app?.close();
  app = undefined;
});

async function start(push: PushModuleOptions & PushModuleExtras = {}, providers: (typeof Shop)[] = []) {
  app = await PushApp.start({
    push: { auth: AUTH, ...push },
    metadata: { providers },
    ...(providers.length > 0 && { configure: (nest) => nest.useWebSocketAdapter(new PushWsAdapter(nest)) }),
  });
  return app;
}

/** Says where a frame came from, and sends to everyone like its sender. */
@PushGateway()
class Shop {
  readonly seen: (string | undefined)[] = [];

  constructor(@Inject(PushService) private readonly push: PushService) {}

  @SubscribeMessage('cheer')
  async cheer(
    @MessageBody() data: string,
    @PushUser('tenant') tenant: string | undefined,
    @ConnectedSocket() connection: PushConnection,
  ) {
    this.seen.push(connection.id);
    await this.push.forTenant(tenant).broadcast('cheered', data);
    return [tenant, connection.tenant, connection.user.tenant];
  }
}

/** Lets in whoever names a tenant in a header. */
@Injectable()
class KeyGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    return context.switchToHttp().getRequest<HostRequest>().headers['x-key'] === 'key';
  }
}

interface HostRequest {
  readonly headers: Readonly<Record<string, string | undefined>>;
}

function tenantOf(request: unknown): string | undefined {
  const tenant = (request as HostRequest).headers['x-tenant'];
  if (tenant === 'forbidden') throw new ForbiddenException('not for you');
  return tenant;
}

/** `user@tenant` is the token of a user. */
class PlainTokens extends PushAuthenticator {
  override async authenticate(token: string): Promise<Principal | undefined> {
    const [userId = '', tenant] = token.split('@');
    return { userId, tenant, groups: [], scopes: ['push:admin'], expiresAtMs: Date.now() + 60_000 };
  }
}

describe('tenants of an application', () => {
  it('are one where no claim is named, whatever a token says', async () => {
    const started = await start({ auth: { jwt: AUTH.jwt } });
    const { push } = started;
    const clients = [await started.connect('7', { tenant: 'acme' }), await started.connect('8', { tenant: '' })];
    await push.broadcast('e', 1);
    for (const client of clients) expect(await client.next('e')).toMatchObject({ data: 1 });
    expect(await push.forTenant('acme').stats()).toMatchObject({ users: 0 });
  });

  it('are named by PushService in one way only', async () => {
    const { push } = await start();
    expect(push.tenant).toBeUndefined();
    expect(push.forTenant(undefined)).toBe(push);
    const acme = push.forTenant('acme');
    expect([acme.tenant, acme.forTenant('acme'), acme.forTenant(undefined).tenant]).toEqual(['acme', acme, undefined]);
    for (const tenant of ['', 'a\u0000b', 'x'.repeat(129), 7, null]) {
      expect(() => push.forTenant(tenant as string)).toThrow(
        expect.objectContaining({ code: 'PUSH_ERR_INVALID_ARGUMENT' }),
      );
    }
  });

  it('are made by those who connect and let go with them', async () => {
    const started = await start({ maxIdleTenants: 0 });
    const spaces = started.app.get(TenantSpaces);
    await started.push.forTenant('nobody').broadcast('e', 1);
    expect(spaces.size).toBe(1);
    const client = await started.connect('7', { tenant: 'acme' });
    expect(spaces.size).toBe(2);
    await client.close();
    await eventually(() => spaces.size === 1);
  });

  it('share the limits of the process, and have users of their own', async () => {
    const { wsUrl } = await start({ maxConnections: 3, maxPerUser: 1 });
    const token = (tenant: string) => signToken({ tenant });
    await app?.connect('7', { tenant: 'a' });
    expect((await refusalOf(wsUrl, { token: token('a') })).status).toBe(429);
    await app?.connect('7', { tenant: 'b' });
    await app?.connect('7', { tenant: 'c' });
    expect((await refusalOf(wsUrl, { token: token('d') })).status).toBe(503);
  });

  it('share the limit of an address', async () => {
    const { wsUrl } = await start({ maxPerIp: 1 });
    await app?.connect('7', { tenant: 'a' });
    expect((await refusalOf(wsUrl, { token: signToken({ tenant: 'b' }) })).status).toBe(429);
  });

  it('are told to come back together when the application ends', async () => {
    const started = await start();
    const clients = [await started.connect('7', { tenant: 'a' }), await started.connect('7', { tenant: 'b' })];
    await started.app.close();
    for (const client of clients) {
      expect(await client.next('push:draining')).toBeDefined();
      expect((await client.end()).code).toBe(1012);
    }
  });

  it('are what an authenticator of the host says, if that is a name', async () => {
    const started = await start({ auth: {}, authenticator: PlainTokens });
    const statusOf = async (token: string) =>
      (await ask(`${started.origin}/push/handshake`, { headers: bearer(token) })).status;
    expect([await statusOf('7@acme'), await statusOf('7'), await statusOf('7@')]).toEqual([204, 204, 401]);
    const { json } = await RestClient.of(started).withAuthorization('Bearer 7@acme').get('/push/stats');
    expect(json).toMatchObject({ users: 0 });
  });

  describe('in handlers of the host', () => {
    it('are known, and reached by the handler’s own sends', async () => {
      const started = await start({}, [Shop]);
      const [ours, theirs] = [await started.connect('7', { tenant: 'a' }), await started.connect('7', { tenant: 'b' })];
      expect(await ours.request('cheer', 'go')).toMatchObject({ data: ['a', 'a', 'a'] });
      expect(await ours.next('cheered')).toMatchObject({ data: 'go' });
      expect((await theirs.settled()).filter(({ event }) => event === 'cheered')).toEqual([]);
    });

    it('have connections of their own for frames by request', async () => {
      const started = await start({}, [Shop]);
      for (const tenant of ['a', 'b', 'a']) {
        const headers = { ...bearer(signToken({ tenant })), 'content-type': 'application/json' };
        const body = JSON.stringify({ event: 'cheer', data: 'go' });
        const { text } = await ask(`${started.origin}/push/upstream`, { method: 'POST', headers, body });
        expect(JSON.parse(text)).toMatchObject({ data: [tenant, tenant, tenant] });
      }
      const { seen } = started.app.get(Shop);
      expect([new Set(seen).size, seen[0]]).toEqual([2, seen[2]]);
    });
  });

  describe.each(PLATFORMS)('of REST with guards of the host on %s', (platform) => {
    const open = async (guards: readonly (typeof KeyGuard | typeof PushApiGuard)[]) => {
      app = await PushApp.start({ platform, push: { auth: AUTH, rest: { guards, tenantOf } } });
      await app.connect('7', { tenant: 'acme' });
      return RestClient.of(app, { tenant: 'acme' });
    };
    const usersOf = async (rest: RestClient, tenant: string | undefined) => {
      const headers = { 'x-key': 'key', 'x-tenant': tenant };
      return (await rest.get('/push/stats', { headers })).json['users'];
    };

    it('are what tenantOf says, or else the default one', async () => {
      const rest = await open([KeyGuard]);
      expect([await usersOf(rest, 'acme'), await usersOf(rest, 'other'), await usersOf(rest, undefined)]).toEqual([
        1, 0, 0,
      ]);
    });

    it('are refused where tenantOf refuses, or says no name', async () => {
      const rest = await open([KeyGuard]);
      const statusOf = async (tenant: string) => {
        return (await rest.get('/push/stats', { headers: { 'x-key': 'key', 'x-tenant': tenant } })).status;
      };
      expect([await statusOf('forbidden'), await statusOf('x'.repeat(129))]).toEqual([403, 400]);
    });

    it('are what the token says where PushApiGuard has judged it', async () => {
      const rest = await open([KeyGuard, PushApiGuard]);
      expect(await usersOf(rest, 'other')).toBe(1);
    });
  });
});
