/** The limit of an address behind proxies: what a client writes into forwarded headers gains it nothing. */
import { afterEach, describe, expect, it } from '@jest/globals';
import type { TrustProxy } from '../../src/auth/client-address.js';
import type { PushModuleOptions } from '../../src/push-options.interface.js';
import { ask } from '../support/http-request.js';
import { PushApp } from '../support/push-app.js';
import { signToken } from '../support/tokens.js';

let app: PushApp | undefined;
afterEach(async () => {
  await app?.close();
  app = undefined;
});

/** One connection of the address is there already; the status of another one that comes with these headers. */
async function statusOf(
  trustProxy: TrustProxy,
  first: Readonly<Record<string, string>>,
  second: Readonly<Record<string, string>>,
  push: PushModuleOptions = {},
): Promise<number> {
  app = await PushApp.start({ push: { maxPerIp: 1, trustProxy, ...push } });
  await app.connect('7', {}, { headers: first });
  const headers = { authorization: `Bearer ${signToken({ sub: '8' })}`, ...second };
  return (await ask(`${app.origin}/push/poll?wait=0`, { headers })).status;
}

const from = (list: string) => ({ 'x-forwarded-for': list });

describe('the limit of an address', () => {
  it('does not believe a client that names another address', async () => {
    expect(await statusOf(false, {}, from('198.51.100.9'))).toBe(429);
  });

  it('tells clients behind a trusted proxy apart', async () => {
    expect(await statusOf(1, from('198.51.100.1'), from('198.51.100.2'))).toBe(200);
  });

  it('holds for one client behind a trusted proxy', async () => {
    expect(await statusOf(1, from('198.51.100.1'), from('198.51.100.1'))).toBe(429);
  });

  it.each(['203.0.113.5', '203.0.113.5, 203.0.113.6', 'nonsense', ''])(
    'is not passed by what a client wrote before its proxy did: %p',
    async (spoofed) => {
      expect(await statusOf(1, from('198.51.100.1'), from(`${spoofed}, 198.51.100.1`))).toBe(429);
    },
  );

  it('is not passed by writing the same address otherwise', async () => {
    expect(await statusOf(1, from('2001:db8::1'), from('2001:0DB8:0:0:0:0:0:1'))).toBe(429);
  });

  it('is not passed by another address of the same IPv6 network, which is one client', async () => {
    expect(await statusOf(1, from('2001:db8:0:1::1'), from('2001:db8:0:1:ffff::2'))).toBe(429);
    await app?.close();
    expect(await statusOf(1, from('2001:db8:0:1::1'), from('2001:db8:0:2::1'))).toBe(200);
  });

  it('is that of each IPv6 address where ipv6PrefixBits says so', async () => {
    const push = { ipv6PrefixBits: 128 };
    expect(await statusOf(1, from('2001:db8:0:1::1'), from('2001:db8:0:1::2'), push)).toBe(200);
    await app?.close();
    expect(await statusOf(1, from('2001:db8:0:1::1'), from('2001:db8:0:1::1'), push)).toBe(429);
  });

  it.each([
    { forwarded: 'for=203.0.113.5' },
    { 'x-real-ip': '203.0.113.5' },
    { 'x-client-ip': '203.0.113.5' },
    { 'cf-connecting-ip': '203.0.113.5' },
  ])('knows nothing of %p', async (header) => {
    expect(await statusOf(1, from('198.51.100.1'), { ...from('198.51.100.1'), ...header })).toBe(429);
  });

  it('believes only proxies with an address in the networks', async () => {
    expect(await statusOf(['10.0.0.0/8'], {}, from('198.51.100.9'))).toBe(429);
  });
});
