import { describe, expect, it } from '@jest/globals';
import { OriginPolicy, checkOrigins, normalizeOrigin } from '../../../src/auth/origin-policy.js';
import { cpuMsOf } from '../../support/cpu-time.js';

const OWN = 'https://push.example';

function allows(origin: string | undefined, ...origins: string[]): boolean {
  return new OriginPolicy(origins).allows(origin, OWN);
}

describe('OriginPolicy', () => {
  it('lets a request without Origin pass', () => {
    expect(allows(undefined)).toBe(true);
  });

  it.each(['https://push.example', 'https://push.example:443', 'HTTPS://PUSH.Example'])(
    'lets %s pass, the own origin of the request',
    (origin) => {
      expect(allows(origin)).toBe(true);
    },
  );

  it.each(['http://push.example', 'https://push.example:8443', 'https://a.push.example', 'https://example'])(
    'refuses %s, which only resembles the own origin',
    (origin) => {
      expect(allows(origin)).toBe(false);
    },
  );

  it('refuses everything but the own origin while the list is empty', () => {
    expect(allows('https://shop.example')).toBe(false);
  });

  it.each([
    '',
    ' ',
    'null',
    'https://',
    '://',
    'undefined',
    'https://a b',
    'https://shop.example,https://push.example',
  ])('refuses %j, whatever the own origin is', (origin) => {
    const policy = new OriginPolicy(['https://shop.example', 'null', '']);
    expect(policy.allows(origin, OWN)).toBe(false);
    expect(policy.allows(origin, '')).toBe(false);
    expect(policy.allows(origin, 'null')).toBe(false);
  });

  describe('with an exact origin', () => {
    it.each(['https://shop.example', 'https://SHOP.example', 'HTTPS://shop.example', 'https://shop.example:443'])(
      'allows %s',
      (origin) => {
        expect(allows(origin, 'https://shop.example')).toBe(true);
      },
    );

    it.each([
      'http://shop.example',
      'https://shop.example:8443',
      'https://evil-shop.example',
      'https://shop.example.evil.test',
      'https://www.shop.example',
      'https://shop.example/',
      'https://shop.example/path',
      'https://user@shop.example',
      'https://shop.example@evil.test',
      'https://shop.example#',
      'https://shop.example?',
      'https://shop.example.',
      'https://shopXexample',
      'https:shop.example',
      'https:///shop.example',
      'https://shop.example:',
      'https://shop.example:99999',
      'https://shop.example:0x1bb',
      'https://shop.example\n',
      'https://shop.example\0',
      'https://shop.ehttps://shop.example',
    ])('refuses %j', (origin) => {
      expect(allows(origin, 'https://shop.example')).toBe(false);
    });

    it.each([
      ['HTTPS://Shop.Example:443', 'https://shop.example'],
      ['http://shop.example:80', 'http://shop.example'],
      ['http://localhost:5173', 'http://localhost:5173'],
      ['https://[2001:DB8:0:0:0:0:0:1]:8443', 'https://[2001:db8::1]:8443'],
      ['https://bücher.example', 'https://xn--bcher-kva.example'],
      ['capacitor://localhost', 'capacitor://localhost'],
      ['chrome-extension://abcdefghijklmnop', 'chrome-extension://abcdefghijklmnop'],
    ])('written %s allows %s', (entry, origin) => {
      expect(checkOrigins([entry], 'origins')).toEqual([]);
      expect(allows(origin, entry)).toBe(true);
    });

    it('takes http on port 443 for what it is', () => {
      expect(allows('https://shop.example', 'http://shop.example:443')).toBe(false);
      expect(allows('http://shop.example:443', 'http://shop.example:443')).toBe(true);
    });
  });

  describe('with the subdomains of a host', () => {
    const entry = 'https://*.shop.example';

    it.each(['https://www.shop.example', 'https://a.b.shop.example', 'https://WWW.shop.example:443'])(
      'allows %s',
      (origin) => {
        expect(allows(origin, entry)).toBe(true);
      },
    );

    it.each([
      'https://shop.example',
      'https://evil-shop.example',
      'https://.shop.example',
      'https://a..shop.example',
      'https://www.shop.example.evil.test',
      'http://www.shop.example',
      'https://www.shop.example:8443',
      'https://evil.test/.shop.example',
      'https://evil.test?.shop.example',
      'https://evil.test#.shop.example',
      'https://evil.test\\.shop.example',
      'https://evil.test:1.shop.example',
      'https://*.shop.example',
      'https://www.shopXexample',
    ])('refuses %j', (origin) => {
      expect(allows(origin, entry)).toBe(false);
    });

    it('keeps to the port of the entry', () => {
      expect(allows('https://a.shop.example:8443', 'https://*.shop.example:8443')).toBe(true);
      expect(allows('https://a.shop.example', 'https://*.shop.example:8443')).toBe(false);
    });

    it('works for localhost', () => {
      expect(allows('http://app.localhost:3000', 'http://*.localhost:3000')).toBe(true);
    });
  });

  it('judges a long hostile text in no time', async () => {
    const policy = new OriginPolicy(['https://shop.example', 'https://*.shop.example']);
    const texts = [`https://${'a.'.repeat(8000)}`, `https://${'a'.repeat(16_000)}`, ':'.repeat(16_000)];
    const spentMs = await cpuMsOf(() => {
      for (const text of texts) for (let round = 0; round < 1000; round++) policy.allows(text, OWN);
    });
    expect(spentMs).toBeLessThan(500);
  });
});

describe('checkOrigins', () => {
  it('accepts no value, an empty list and what the policy can use', () => {
    expect(checkOrigins(undefined, 'origins')).toEqual([]);
    expect(checkOrigins([], 'origins')).toEqual([]);
    expect(checkOrigins(['https://shop.example', 'https://*.shop.example:8443'], 'origins')).toEqual([]);
  });

  it.each([
    '*',
    'https://*',
    'https://*.example',
    'https://*.com',
    'https://*shop.example',
    'https://www.*.example',
    'https://*.*.example',
    'https://*.127.0.0.1',
    'https://*.[::1]',
    'shop.example',
    'https://shop.example/',
    'https://shop.example/path',
    'https://user:password@shop.example',
    'https://shop.example:port',
    'https://shop.example:70000',
    'null',
    '',
    5,
    null,
  ])('says that %j is no entry, and where', (entry) => {
    const problems = checkOrigins(['https://shop.example', entry], 'origins');
    expect(problems).toMatchObject([
      { path: 'origins[1]', expected: expect.stringContaining('https://*.shop.example') },
    ]);
  });

  it('repeats the text that it does not understand', () => {
    expect(checkOrigins(['shop.example'], 'origins')[0]?.received).toBe('"shop.example"');
  });

  it('lists every problem', () => {
    expect(checkOrigins(['a', 'b', 'https://c.example'], 'o').map(({ path }) => path)).toEqual(['o[0]', 'o[1]']);
  });

  it('wants a list', () => {
    expect(checkOrigins('https://shop.example', 'origins')).toMatchObject([{ path: 'origins' }]);
  });
});

describe('normalizeOrigin', () => {
  it('writes an origin as browsers do, or not at all', () => {
    expect(normalizeOrigin('HTTP://Shop.example:80')).toBe('http://shop.example');
    expect(normalizeOrigin('http://shop.example:443')).toBe('http://shop.example:443');
    expect(normalizeOrigin('http://shop.example/')).toBeUndefined();
  });
});
