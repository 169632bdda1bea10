/** What is wrong with the options of the backing, told all at once at start, and never with a password in it. */
import { describeReceived, quoteReceived } from '../../core/option-problem.js';
import type { OptionProblem } from '../../core/option-problem.js';
import { MAX_PARTITIONS } from './redis-options.js';

type Values = Readonly<Record<string, unknown>>;
type Report = (path: string, value: unknown, expected: string, received?: string) => void;

/** Braces would move the hash tag, and patterns of an ACL must be able to name it. */
const KEY_PREFIX = /^[A-Za-z0-9._:-]{1,64}$/;
const MIN_SECRET_LENGTH = 16;
const MAX_PORT = 65_535;
const WAYS = ['url', 'sentinel', 'cluster'] as const;
const KNOWN = [...WAYS, 'username', 'password', 'database', 'tls', 'natMap', 'secret', 'keyPrefix', 'partitions'];
const KNOWN_OF_SENTINEL = ['name', 'nodes', 'username', 'password', 'tls'];
const EXPECTED_URL = 'redis://host:port, or rediss:// for TLS, with the number of a database at most behind it';
const EXPECTED_TLS = 'true, false or options of tls.connect';
const EXPECTED_NODES = 'a list of { host, port }, at least one';
const EXPECTED_ADDRESS = '{ host, port }';

/** What is wrong with the options. */
export function checkRedisOptions(options: unknown): readonly OptionProblem[] {
  if (!isObject(options))
    return [{ path: '', received: describeReceived(options), expected: 'redis({ url }), or with sentinel or cluster' }];
  const problems: OptionProblem[] = [];
  const report: Report = (path, value, expected, received = describeReceived(value)) =>
    problems.push({ path, received, expected });
  checkNames(options, KNOWN, '', report);
  checkWay(options, report);
  checkAccess(options, report);
  checkOwn(options, report);
  return problems;
}

function checkWay(options: Values, report: Report): void {
  const given = WAYS.filter((way) => options[way] !== undefined);
  const [first = 'url', ...others] = given;
  for (const way of others) report(way, options[way], `one of url, sentinel and cluster, and ${first} is there`);
  if (first === 'url' && !isRedisUrl(options['url'])) report('url', options['url'], EXPECTED_URL);
  if (first === 'sentinel') checkSentinel(options['sentinel'], report);
  if (first === 'cluster') checkCluster(options['cluster'], report);
}

function checkSentinel(sentinel: unknown, report: Report): void {
  if (!isObject(sentinel)) return report('sentinel', sentinel, '{ name, nodes: [{ host, port }] }');
  checkNames(sentinel, KNOWN_OF_SENTINEL, 'sentinel.', report);
  const { name, nodes, username, password, tls } = sentinel;
  if (!isText(name)) report('sentinel.name', name, 'what the Sentinels call the master');
  checkNodes('sentinel.nodes', nodes, report);
  checkCredentials('sentinel.', username, password, report);
  if (!isTls(tls)) report('sentinel.tls', tls, EXPECTED_TLS);
}

function checkCluster(cluster: unknown, report: Report): void {
  if (!isObject(cluster)) return report('cluster', cluster, '{ nodes: [{ host, port }] }');
  checkNames(cluster, ['nodes'], 'cluster.', report);
  checkNodes('cluster.nodes', cluster['nodes'], report);
}

/** Who this application is to the servers, and how the way to them is protected. */
function checkAccess(options: Values, report: Report): void {
  const { url, cluster, username, password, database, tls, natMap } = options;
  if (url === undefined) checkCredentials('', username, password, report);
  else
    for (const path of ['username', 'password', 'database', 'natMap'])
      if (options[path] !== undefined) report(path, options[path], 'nothing beside url, which says it', 'an option');
  if (cluster !== undefined && database !== undefined) report('database', database, 'nothing: a Cluster has one');
  else if (url === undefined && database !== undefined && !isWholeNumber(database, 0, 99_999))
    report('database', database, 'the number of a database');
  if (!isTls(tls)) report('tls', tls, EXPECTED_TLS);
  else if (tls !== undefined && tls !== false && typeof url === 'string' && !url.startsWith('rediss:'))
    report('tls', tls, 'a url that begins with rediss: beside it');
  if (url === undefined && natMap !== undefined) checkNatMap(natMap, report);
}

function checkNatMap(natMap: unknown, report: Report): void {
  if (!isObject(natMap)) return report('natMap', natMap, 'addresses by host:port');
  for (const [from, to] of Object.entries(natMap))
    if (!isAddress(to)) report(`natMap['${from}']`, to, EXPECTED_ADDRESS);
}

/** What of the servers is this application's. */
function checkOwn({ secret, keyPrefix, partitions }: Values, report: Report): void {
  if (partitions !== undefined && !isWholeNumber(partitions, 1, MAX_PARTITIONS))
    report('partitions', partitions, `a whole number from 1 to ${MAX_PARTITIONS}`);
  if (secret !== undefined && !(typeof secret === 'string' && secret.length >= MIN_SECRET_LENGTH))
    report('secret', secret, `a text of at least ${MIN_SECRET_LENGTH} characters`);
  if (keyPrefix !== undefined && !(typeof keyPrefix === 'string' && KEY_PREFIX.test(keyPrefix)))
    report('keyPrefix', keyPrefix, '1 to 64 letters, digits and . _ : -', quoteReceived(keyPrefix));
}

function checkNames(options: Values, known: readonly string[], before: string, report: Report): void {
  for (const name of Object.keys(options))
    if (!known.includes(name)) report(before + name, undefined, 'no option of this name', 'an option');
}

function checkNodes(path: string, nodes: unknown, report: Report): void {
  if (!Array.isArray(nodes) || nodes.length === 0) return report(path, nodes, EXPECTED_NODES);
  for (const [index, node] of nodes.entries())
    if (!isAddress(node)) report(`${path}[${index}]`, node, EXPECTED_ADDRESS);
}

/** A user needs a password, a password needs no user: it is that of `default` then. */
function checkCredentials(before: string, username: unknown, password: unknown, report: Report): void {
  if (username !== undefined && !isText(username)) report(`${before}username`, username, 'the name of a user');
  if (password !== undefined ? !isText(password) : username !== undefined)
    report(`${before}password`, password, 'a password');
}

function isRedisUrl(value: unknown): boolean {
  if (typeof value !== 'string' || !URL.canParse(value)) return false;
  const { protocol, hostname, pathname, search, hash } = new URL(value);
  if (protocol !== 'redis:' && protocol !== 'rediss:') return false;
  // What the driver would read from a query is set by the backing, and must stay as it is.
  return hostname !== '' && /^(\/\d{0,5})?$/.test(pathname) && search === '' && hash === '';
}

function isAddress(value: unknown): boolean {
  if (!isObject(value)) return false;
  const { host, port, ...others } = value;
  return isText(host) && isWholeNumber(port, 1, MAX_PORT) && Object.keys(others).length === 0;
}

function isTls(value: unknown): boolean {
  return value === undefined || typeof value === 'boolean' || isObject(value);
}

function isWholeNumber(value: unknown, min: number, max: number): boolean {
  return Number.isSafeInteger(value) && Number(value) >= min && Number(value) <= max;
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}

function isObject(value: unknown): value is Values {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
