/**
 * Which web pages may open connections. Browsers put the origin of the page into every WebSocket handshake and let any
 * page try, so this list is what keeps another site from using a visitor's cookie. Origins are compared by parts, never
 * by how a text ends: `https://evil-shop.example` is not a subdomain of `shop.example`.
 */
import { domainToASCII } from 'node:url';
import { quoteReceived } from '../core/option-problem.js';
import type { OptionProblem } from '../core/option-problem.js';

interface OriginParts {
  readonly scheme: string;
  /** Begins with `*.` in a pattern. */
  readonly host: string;
  /** Empty where it is the scheme's own. */
  readonly port: string;
}

interface SubdomainRule {
  readonly scheme: string;
  /** With its leading dot. */
  readonly suffix: string;
  readonly port: string;
}

/** A scheme, a host name of 253 and a port fit, with room to spare (RFC 1035 section 2.3.4). */
const MAX_ORIGIN_LENGTH = 320;
/** RFC 6454 section 6.2; any scheme, as applications in a web view have their own. */
const ORIGIN = /^([a-z][a-z0-9+.-]*):\/\/(\[[0-9a-f:.]+\]|[a-z0-9_-]+(?:\.[a-z0-9_-]+)*)(?::([0-9]{1,5}))?$/;
const DEFAULT_PORTS: Readonly<Record<string, string>> = { http: '80', https: '443' };
const WILDCARD = '://*.';
const EXPECTED = 'an origin such as https://shop.example, or https://*.shop.example for its subdomains';

/** An allow-list of origins. */
export class OriginPolicy {
  private readonly exact = new Set<string>();
  private readonly subdomains: SubdomainRule[] = [];

  /** @param origins As {@link checkOrigins} accepts them; others are left out. */
  constructor(origins: readonly string[]) {
    for (const origin of origins) {
      const rule = readPattern(origin);
      if (!rule) continue;
      if (rule.host.startsWith('*.')) this.subdomains.push({ ...rule, suffix: rule.host.slice(1) });
      else this.exact.add(serialize(rule));
    }
  }

  /**
   * Whether a request with this `Origin` header may go on: it has none (not a browser), it is the request's own, or it
   * is on the list. `null`, the origin of sandboxed and of local pages, is nobody's own and never on the list.
   */
  allows(origin: string | undefined, ownOrigin: string): boolean {
    if (origin === undefined || this.exact.has(origin)) return true;
    const parts = parseOrigin(origin);
    if (!parts) return false;
    const text = serialize(parts);
    return this.exact.has(text) || text === ownOrigin || this.subdomains.some((rule) => isSubdomain(parts, rule));
  }
}

/** Every problem of the value as a list of origins; none for undefined. `path` is where the value stands. */
export function checkOrigins(value: unknown, path: string): OptionProblem[] {
  if (value === undefined) return [];
  if (!Array.isArray(value)) return [{ path, received: quoteReceived(value), expected: 'a list of origins' }];
  return value.flatMap((origin: unknown, index) =>
    typeof origin === 'string' && readPattern(origin)
      ? []
      : [{ path: `${path}[${index}]`, received: quoteReceived(origin), expected: EXPECTED }],
  );
}

/** The origin as browsers write it: lower case, without the scheme's own port. Undefined where the text is none. */
export function normalizeOrigin(text: string): string | undefined {
  const parts = parseOrigin(text);
  return parts && serialize(parts);
}

function isSubdomain({ scheme, host, port }: OriginParts, rule: SubdomainRule): boolean {
  return scheme === rule.scheme && port === rule.port && host.endsWith(rule.suffix);
}

function parseOrigin(text: string): OriginParts | undefined {
  if (text.length > MAX_ORIGIN_LENGTH) return undefined;
  const [, scheme, host, port = ''] = ORIGIN.exec(text.toLowerCase()) ?? [];
  if (scheme === undefined || host === undefined || Number(port) > 65_535) return undefined;
  return { scheme, host, port: port === DEFAULT_PORTS[scheme] ? '' : port };
}

function serialize({ scheme, host, port }: OriginParts): string {
  return port === '' ? `${scheme}://${host}` : `${scheme}://${host}:${port}`;
}

/** An entry of the list. Names are brought into the form that browsers send: punycode, IPv6 in its short form. */
function readPattern(text: string): OriginParts | undefined {
  const isWildcard = text.includes(WILDCARD);
  const ascii = toAscii(isWildcard ? text.replace(WILDCARD, '://') : text);
  const parts = ascii === undefined ? undefined : parseOrigin(ascii);
  if (!parts || !isWildcard) return parts;
  return canHaveSubdomains(parts.host) ? { ...parts, host: `*.${parts.host}` } : undefined;
}

function toAscii(text: string): string | undefined {
  const match = /^([^:/]+:\/\/)([^/:?#@\s]+|\[[^\]]*\])(:[0-9]+)?$/.exec(text);
  if (!match) return undefined;
  const [, scheme = '', host = '', port = ''] = match;
  const ascii = domainToASCII(host);
  return ascii === '' ? undefined : scheme + ascii + port;
}

/** An address has none, and those of a whole top-level domain are nobody's in particular. */
function canHaveSubdomains(host: string): boolean {
  const labels = host.split('.');
  const last = labels.at(-1) ?? '';
  return host === 'localhost' || (labels.length > 1 && !/^(?:\[.*|[0-9]+)$/.test(last));
}
