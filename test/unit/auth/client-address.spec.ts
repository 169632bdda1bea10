import { describe, expect, it } from '@jest/globals';
import { ClientAddress, checkTrustProxy, ownOrigin } from '../../../src/auth/client-address.js';
import type { TrustProxy } from '../../../src/auth/client-address.js';
import { cpuMsOf } from '../../support/cpu-time.js';

function addressOf(trustProxy: TrustProxy, remoteAddress: string | undefined, forwardedFor?: string): string {
  const headers = forwardedFor === undefined ? {} : { 'x-forwarded-for': forwardedFor };
  return new ClientAddress(trustProxy).of(remoteAddress, headers);
}

describe('ClientAddress', () => {
  describe('without trusted proxies', () => {
    it.each<TrustProxy>([false, 0])('believes no header with trustProxy %p', (trustProxy) => {
      expect(addressOf(trustProxy, '192.0.2.1', '198.51.100.1')).toBe('192.0.2.1');
      expect(new ClientAddress(trustProxy).isForwardedTrusted('192.0.2.1')).toBe(false);
    });

    it.each([
      ['::ffff:192.0.2.1', '192.0.2.1'],
      ['::FFFF:192.0.2.1', '192.0.2.1'],
      ['::ffff:c000:201', '192.0.2.1'],
      ['2001:DB8:0:0::1', '2001:db8::1'],
      ['fe80::1%eth0', 'fe80::1'],
      ['::1', '::1'],
    ])('writes %s as %s', (remoteAddress, expected) => {
      expect(addressOf(false, remoteAddress)).toBe(expected);
    });

    it('names a peer without an address', () => {
      expect(addressOf(false, undefined, '198.51.100.1')).toBe('unknown');
    });
  });

  describe('with a number of hops', () => {
    it.each([
      [1, '198.51.100.1', '198.51.100.1'],
      [1, '203.0.113.9, 198.51.100.1', '198.51.100.1'],
      [2, '203.0.113.9, 198.51.100.1', '203.0.113.9'],
      [2, '192.0.2.66, 203.0.113.9, 198.51.100.1', '203.0.113.9'],
      [2, '198.51.100.1', '198.51.100.1'],
      [1, ' 198.51.100.1 ', '198.51.100.1'],
    ])('%d: of %j it takes %s', (hops, forwardedFor, expected) => {
      expect(addressOf(hops, '10.0.0.1', forwardedFor)).toBe(expected);
    });

    it('falls back to the peer where nothing was forwarded', () => {
      expect(addressOf(1, '10.0.0.1')).toBe('10.0.0.1');
      expect(addressOf(1, '10.0.0.1', '')).toBe('10.0.0.1');
    });

    it.each(['unknown', '_hidden', '1.2.3', '999.1.1.1', '198.51.100.1, ', '198.51.100.1,garbage', 'x'.repeat(9000)])(
      'falls back to the nearest known hop at %j',
      (forwardedFor) => {
        expect(addressOf(1, '10.0.0.1', forwardedFor)).toBe('10.0.0.1');
      },
    );

    it('counts a proxy on a Unix socket', () => {
      expect(addressOf(1, undefined, '198.51.100.1')).toBe('198.51.100.1');
      expect(new ClientAddress(1).isForwardedTrusted(undefined)).toBe(true);
    });

    it.each([
      ['198.51.100.1:4711', '198.51.100.1'],
      ['[2001:db8::1]:4711', '2001:db8::1'],
      ['[2001:db8::1]', '2001:db8::1'],
      ['2001:DB8:0::1', '2001:db8::1'],
      ['::ffff:198.51.100.1', '198.51.100.1'],
    ])('reads %j as %s', (forwardedFor, expected) => {
      expect(addressOf(1, '10.0.0.1', forwardedFor)).toBe(expected);
    });
  });

  describe('with networks', () => {
    const networks = ['10.0.0.0/8', '192.0.2.7', 'fd00::/8'];

    it.each([
      ['10.1.2.3', '198.51.100.1', '198.51.100.1'],
      ['::ffff:10.1.2.3', '198.51.100.1', '198.51.100.1'],
      ['fd12::1', '198.51.100.1', '198.51.100.1'],
      ['192.0.2.7', '198.51.100.1', '198.51.100.1'],
      ['10.1.2.3', '203.0.113.9, 198.51.100.1, 10.9.9.9', '198.51.100.1'],
      ['10.1.2.3', '10.0.0.1, 10.0.0.2', '10.0.0.1'],
    ])('from %s with %j it takes %s', (remoteAddress, forwardedFor, expected) => {
      expect(addressOf(networks, remoteAddress, forwardedFor)).toBe(expected);
    });

    it.each(['198.51.100.9', '192.0.2.8', '11.0.0.1', 'fe00::1', undefined])(
      'believes nothing that %s forwards',
      (remoteAddress) => {
        const clientAddress = new ClientAddress(networks);
        expect(clientAddress.isForwardedTrusted(remoteAddress)).toBe(false);
        expect(clientAddress.of(remoteAddress, { 'x-forwarded-for': '203.0.113.1' })).toBe(remoteAddress ?? 'unknown');
      },
    );

    it('is not led past an untrusted hop by a trusted address that a client made up', () => {
      expect(addressOf(networks, '10.1.2.3', '10.0.0.1, 198.51.100.1')).toBe('198.51.100.1');
    });

    it('gives up on an endless chain', async () => {
      const clientAddress = new ClientAddress(networks);
      const headers = { 'x-forwarded-for': `203.0.113.1,${'10.0.0.1,'.repeat(1500)}10.0.0.2` };
      const spentMs = await cpuMsOf(() => {
        for (let round = 0; round < 100; round++) expect(clientAddress.of('10.1.2.3', headers)).toBe('10.0.0.1');
      });
      expect(spentMs).toBeLessThan(500);
    });
  });
});

describe('ownOrigin', () => {
  it.each([
    ['shop.example', true, 'https://shop.example'],
    ['shop.example', false, 'http://shop.example'],
    ['Shop.Example:443', true, 'https://shop.example'],
    ['shop.example:80', false, 'http://shop.example'],
    ['localhost:3000', false, 'http://localhost:3000'],
    ['[::1]:3000', false, 'http://[::1]:3000'],
  ])('of Host %s, encrypted %p, is %s', (host, isEncrypted, expected) => {
    expect(ownOrigin({ host }, isEncrypted, false)).toBe(expected);
  });

  it.each([undefined, '', 'a b', 'evil.test/', 'user@shop.example', 'shop.example#', ',', 'shop.example:99999'])(
    'of Host %j is none',
    (host) => {
      expect(ownOrigin(host === undefined ? {} : { host }, true, false)).toBe('');
    },
  );

  const forwarded = { host: 'internal:3000', 'x-forwarded-host': 'shop.example', 'x-forwarded-proto': 'https' };

  it('goes by forwarded headers only of a trusted proxy', () => {
    expect(ownOrigin(forwarded, false, true)).toBe('https://shop.example');
    expect(ownOrigin(forwarded, false, false)).toBe('http://internal:3000');
  });

  it.each([
    ['https', 'https://internal:3000'],
    ['wss', 'https://internal:3000'],
    ['HTTPS', 'https://internal:3000'],
    ['ws', 'http://internal:3000'],
    ['https, http', 'https://internal:3000'],
    ['javascript', 'http://internal:3000'],
    ['', 'http://internal:3000'],
  ])('takes X-Forwarded-Proto %j and Host for %s', (proto, expected) => {
    expect(ownOrigin({ host: 'internal:3000', 'x-forwarded-proto': proto }, false, true)).toBe(expected);
  });

  it('can be http behind a proxy that speaks TLS to this server', () => {
    expect(ownOrigin({ host: 'shop.example', 'x-forwarded-proto': 'http' }, true, true)).toBe('http://shop.example');
  });

  it('takes the first of several forwarded hosts, and none that is malformed', () => {
    expect(ownOrigin({ ...forwarded, 'x-forwarded-host': 'a.example, b.example' }, false, true)).toBe(
      'https://a.example',
    );
    expect(ownOrigin({ ...forwarded, 'x-forwarded-host': 'a b' }, false, true)).toBe('');
  });
});

describe('checkTrustProxy', () => {
  it.each([undefined, false, 0, 1, 32, ['10.0.0.0/8'], ['::1', 'fd00::/8', '192.0.2.1', '10.0.0.0/32']])(
    'accepts %j',
    (value) => {
      expect(checkTrustProxy(value, 'trustProxy')).toEqual([]);
    },
  );

  it.each([true, -1, 1.5, 33, Number.NaN, Infinity, '1', 'loopback', '10.0.0.0/8', [], {}, null])(
    'refuses %p',
    (value) => {
      expect(checkTrustProxy(value, 'trustProxy')).toMatchObject([{ path: 'trustProxy' }]);
    },
  );

  it.each(['10.0.0.0/33', '10.0.0.0/0', '::/0', '10.0.0.0/', '10.0.0.0/-1', '10.0.0.0/8/8', '10.0.0.0/x', 'a', '', 5])(
    'refuses the network %j and says where',
    (network) => {
      expect(checkTrustProxy(['::1', network], 'trustProxy')).toMatchObject([{ path: 'trustProxy[1]' }]);
    },
  );

  it('lists every problem and repeats the text', () => {
    expect(checkTrustProxy(['a', 'b'], 't').map(({ path, received }) => [path, received])).toEqual([
      ['t[0]', '"a"'],
      ['t[1]', '"b"'],
    ]);
  });
});
