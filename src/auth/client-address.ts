/**
 * Where a request comes from. What stands in forwarded headers was written by whoever sent them, so it is believed only
 * as far as the proxies are trusted: read from the right, each hop vouches for the one before it.
 */
import type { IncomingHttpHeaders } from 'node:http';
import { BlockList, SocketAddress, isIP, isIPv4 } from 'node:net';
import { quoteReceived } from '../core/option-problem.js';
import type { OptionProblem } from '../core/option-problem.js';
import { normalizeOrigin } from './origin-policy.js';

/**
 * Which proxies are trusted: none; so many, counted from this server; or those with an address in one of these networks
 * (`10.0.0.0/8`, `fd00::/8`, `192.0.2.1`).
 */
export type TrustProxy = false | number | readonly string[];

/** What a peer without an address has, such as one on a Unix socket. */
export const UNKNOWN_ADDRESS = 'unknown';

/** Most proxies one behind the other, whatever the headers say. */
const MAX_HOPS = 32;
const MAPPED_IPV4_PREFIX = '::ffff:';
const ADDRESS_BITS = { ipv4: 32, ipv6: 128 } as const;

interface Network {
  readonly address: string;
  readonly prefixBits: number;
  readonly family: keyof typeof ADDRESS_BITS;
}

/** Finds the address of clients. */
export class ClientAddress {
  private readonly trustedHops: number;
  private readonly networks: BlockList | undefined;

  /** @param trustProxy As {@link checkTrustProxy} accepts it; entries that are no networks are left out. */
  constructor(trustProxy: TrustProxy) {
    this.trustedHops = typeof trustProxy === 'number' ? trustProxy : 0;
    this.networks = typeof trustProxy === 'object' ? createBlockList(trustProxy) : undefined;
  }

  /**
   * The client's address: the nearest one that no trusted proxy has. IPv4 in dotted form also where it came as IPv6,
   * IPv6 in its short form without a zone; {@link UNKNOWN_ADDRESS} where there is none.
   */
  of(remoteAddress: string | undefined, headers: IncomingHttpHeaders): string {
    let address = (remoteAddress && normalizeAddress(remoteAddress)) || UNKNOWN_ADDRESS;
    const forwarded = headers['x-forwarded-for'];
    if (forwarded === undefined || forwarded.length === 0) return address;
    const list = typeof forwarded === 'string' ? forwarded : forwarded.join(',');
    let end = list.length;
    for (let hop = 0; hop < MAX_HOPS && end >= 0 && this.isTrusted(address, hop); hop++) {
      const comma = end === 0 ? -1 : list.lastIndexOf(',', end - 1);
      const next = normalizeAddress(list.slice(comma + 1, end));
      // A hop that wrote no address vouches for nobody: the nearest that is known stands for all behind it.
      if (next === undefined) return address;
      address = next;
      end = comma;
    }
    return address;
  }

  /** Whether what the peer forwards is to be believed. */
  isForwardedTrusted(remoteAddress: string | undefined): boolean {
    return this.isTrusted((remoteAddress && normalizeAddress(remoteAddress)) || UNKNOWN_ADDRESS, 0);
  }

  private isTrusted(address: string, hop: number): boolean {
    if (!this.networks) return hop < this.trustedHops;
    return address !== UNKNOWN_ADDRESS && this.networks.check(address, isIPv4(address) ? 'ipv4' : 'ipv6');
  }
}

/**
 * The origin that pages of this server itself have, as a browser writes it; an empty text, which is no page's origin,
 * where `Host` is malformed. With several values in a forwarded header the first is the client's side.
 * @param isForwardedTrusted See {@link ClientAddress.isForwardedTrusted}.
 */
export function ownOrigin(headers: IncomingHttpHeaders, isEncrypted: boolean, isForwardedTrusted: boolean): string {
  const forwardedHost = isForwardedTrusted ? firstValue(headers['x-forwarded-host']) : undefined;
  const scheme = (isForwardedTrusted && forwardedScheme(headers)) || (isEncrypted ? 'https' : 'http');
  return normalizeOrigin(`${scheme}://${forwardedHost ?? headers.host ?? ''}`) ?? '';
}

/** Every problem of the value as {@link TrustProxy}; none for undefined. `path` is where the value stands. */
export function checkTrustProxy(value: unknown, path: string): OptionProblem[] {
  if (value === undefined || value === false) return [];
  if (typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= MAX_HOPS) return [];
  if (Array.isArray(value) && value.length > 0) {
    return value.flatMap((network: unknown, index) => {
      if (typeof network === 'string' && readNetwork(network)) return [];
      return [{ path: `${path}[${index}]`, received: quoteReceived(network), expected: NETWORK_EXPECTED }];
    });
  }
  const expected = `false, a number of proxies from 0 to ${MAX_HOPS}, or a list of their networks`;
  return [{ path, received: quoteReceived(value), expected }];
}

const NETWORK_EXPECTED = 'a network such as 10.0.0.0/8 or an address; not /0, which would believe everyone';

function createBlockList(networks: readonly string[]): BlockList {
  const list = new BlockList();
  for (const text of networks) {
    const network = readNetwork(text);
    if (network) list.addSubnet(network.address, network.prefixBits, network.family);
  }
  return list;
}

function readNetwork(text: string): Network | undefined {
  const slash = text.indexOf('/');
  const address = normalizeAddress(slash === -1 ? text : text.slice(0, slash));
  if (address === undefined) return undefined;
  const family = isIPv4(address) ? 'ipv4' : 'ipv6';
  if (slash === -1) return { address, prefixBits: ADDRESS_BITS[family], family };
  const prefix = text.slice(slash + 1);
  const prefixBits = Number(prefix);
  const isPrefix = /^[0-9]{1,3}$/.test(prefix) && prefixBits > 0 && prefixBits <= ADDRESS_BITS[family];
  return isPrefix ? { address, prefixBits, family } : undefined;
}

/** Some proxies write the port too: `192.0.2.1:4711`, `[2001:db8::1]:4711`. */
function normalizeAddress(text: string): string | undefined {
  const address = withoutPort(text.trim());
  if (isIPv4(address)) return address;
  if (isIP(address) === 0) return undefined;
  return shortenIPv6(address);
}

function withoutPort(text: string): string {
  if (text.startsWith('[')) return text.slice(1, text.indexOf(']'));
  const colon = text.indexOf(':');
  return colon !== -1 && text.lastIndexOf(':') === colon ? text.slice(0, colon) : text;
}

function shortenIPv6(text: string): string {
  // What Node says of every IPv4 peer of a server that listens on both: not worth taking it apart.
  if (text.startsWith(MAPPED_IPV4_PREFIX) && isIPv4(text.slice(MAPPED_IPV4_PREFIX.length))) {
    return text.slice(MAPPED_IPV4_PREFIX.length);
  }
  const zone = text.indexOf('%');
  const address = zone === -1 ? text : text.slice(0, zone);
  const short = new SocketAddress({ address, family: 'ipv6' }).address;
  const mapped = short.startsWith(MAPPED_IPV4_PREFIX) ? short.slice(MAPPED_IPV4_PREFIX.length) : '';
  return isIPv4(mapped) ? mapped : short;
}

/** For an upgrade some proxies write the WebSocket scheme. Any other text is as none. */
function forwardedScheme(headers: IncomingHttpHeaders): 'http' | 'https' | undefined {
  const scheme = firstValue(headers['x-forwarded-proto'])?.toLowerCase();
  if (scheme === 'https' || scheme === 'wss') return 'https';
  return scheme === 'http' || scheme === 'ws' ? 'http' : undefined;
}

function firstValue(header: string | string[] | undefined): string | undefined {
  const text = typeof header === 'string' ? header : header?.[0];
  if (text === undefined) return undefined;
  const comma = text.indexOf(',');
  return (comma === -1 ? text : text.slice(0, comma)).trim() || undefined;
}
