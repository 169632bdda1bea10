import { describe, expect, it } from '@jest/globals';
import { networkOf } from '../../../src/auth/address-network.js';

describe('networkOf', () => {
  it.each([
    ['2001:db8:0:1::1', 64, '2001:db8:0:1::/64'],
    ['2001:db8:0:1:ffff:ffff:ffff:ffff', 64, '2001:db8:0:1::/64'],
    ['2001:db8::1', 64, '2001:db8:0:0::/64'],
    ['2001:db8:1234:5678::1', 48, '2001:db8:1234::/48'],
    ['2001:db8:1234:56ff::1', 56, '2001:db8:1234:5600::/56'],
    ['2001:db8::1', 32, '2001:db8::/32'],
    ['::1', 64, '0:0:0:0::/64'],
    ['64:ff9b::192.0.2.33', 120, '64:ff9b:0:0:0:0:c000:200::/120'],
  ])('counts %s, with %p bits, as %s', (address, bits, network) => {
    expect(networkOf(address, bits)).toBe(network);
  });

  it('leaves IPv4, what is no address, and with 128 bits everything as it is', () => {
    for (const address of ['192.0.2.1', 'unknown']) expect(networkOf(address, 64)).toBe(address);
    expect(networkOf('2001:db8::1', 128)).toBe('2001:db8::1');
  });

  it('tells neighbouring networks apart', () => {
    expect(networkOf('2001:db8:0:1::1', 64)).not.toBe(networkOf('2001:db8:0:2::1', 64));
  });
});
