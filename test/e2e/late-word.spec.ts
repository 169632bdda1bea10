/** Frames that wait for a host that leaves its word open. */
import { afterEach, describe, expect, it } from '@jest/globals';
import { PushAuthenticator, PushAuthorizer } from '../../src/index.js';
import type { Principal } from '../../src/index.js';
import { PushApp } from '../support/push-app.js';
import type { WsClient } from '../support/ws-client.js';

const never = new Promise<never>(() => {});

class NamesThatEnd extends PushAuthenticator {
  override async authenticate(token: string): Promise<Principal> {
    return token === 'endless' ? never : principalOf(token === 'member' ? ['claimed'] : []);
  }
}

class EndlessAuthorizer extends PushAuthorizer {
  asked = 0;

  override async canJoin(_principal: Principal, group: string): Promise<boolean> {
    this.asked++;
    return group === 'endless' ? never : true;
  }

  override async canSend(_principal: Principal, { group }: { readonly group?: string | undefined }): Promise<boolean> {
    return group === 'endless' ? never : true;
  }
}

function principalOf(groups: readonly string[]): Principal {
  return { userId: '7', groups, scopes: [], expiresAtMs: Date.now() + 3_600_000 };
}

let app: PushApp;
let client: WsClient;

async function connect(): Promise<void> {
  app = await PushApp.start({
    push: { authenticator: NamesThatEnd, authorizer: EndlessAuthorizer, authTimeoutMs: 300 },
    nest: { logger: false },
  });
  client = await app.connect('7', {}, { token: 'member' });
}

afterEach(() => app.close());

describe('a frame that the host says nothing to', () => {
  it.each([
    ['push:auth', { token: 'endless' }],
    ['push:join', { group: 'endless' }],
    ['push:send', { to: { group: 'endless' }, event: 'hello' }],
  ])('%s is an internal error after authTimeoutMs, and those behind it go on', async (event, data) => {
    await connect();
    client.send(event, data, 'late');
    client.send('push:ping', undefined, 'next');

    expect(await client.next('push:error')).toMatchObject({ ref: 'late', data: { code: 'internal' } });
    expect(await client.next('push:pong')).toMatchObject({ ref: 'next' });
    expect(client.closed).toBeUndefined();
  });
});

describe('push:join of a group that the client is in by its token', () => {
  it('is answered without the authorizer, and is no wish of its own', async () => {
    await connect();
    expect(await client.request('push:join', { group: 'claimed' })).toMatchObject({
      event: 'push:ok',
      data: { group: 'claimed' },
    });
    expect(app.app.get<PushAuthorizer, EndlessAuthorizer>(PushAuthorizer, { strict: false }).asked).toBe(0);
    expect((await app.push.toGroup('claimed', 'news')).matched.connections).toBe(1);

    await client.request('push:auth', { token: 'outsider' });
    expect((await app.push.toGroup('claimed', 'news')).matched.connections).toBe(0);
  });
});
