/**
 * The AsyncAPI 3.0 document of an application: what its clients get and send, over each transport. The frames come from
 * src/protocol, the events from their declarations; nothing is written down here that stands there.
 *
 * A document speaks of one connection. Tenants make no difference to it, so it says nothing of them.
 */
import { TEXT } from '../protocol/json-schema.js';
import type { JsonSchema } from '../protocol/json-schema.js';
import { MAX_POLL_MESSAGES, MAX_POLL_WAIT_SECONDS } from '../push/open-poll.js';
import { closeCodeList, refusalKeys, refusalMessages } from './async-api-refusals.js';
import type { RefusingChannel } from './async-api-refusals.js';
import { WireMessages, eventSchemas } from './async-api-messages.js';
import { PROBLEM_SCHEMA } from './problem-schema.js';
import type { WireDescription } from './wire-description.js';

/** What a host says about its document. */
export interface AsyncApiOptions {
  /** @default 'Push' */
  readonly title?: string;
  /** The version of the application's events. @default '1' */
  readonly version?: string;
  readonly description?: string;
  /** Where the application is, such as `https://shop.example`. @default a server whose host is a variable */
  readonly url?: string;
}

/** A document of AsyncAPI 3.0, to be served as JSON. */
export interface AsyncApiDocument {
  readonly asyncapi: '3.0.0';
  readonly info: Readonly<Record<string, unknown>>;
  readonly servers: Readonly<Record<string, unknown>>;
  readonly channels: Readonly<Record<string, unknown>>;
  readonly operations: Readonly<Record<string, unknown>>;
  readonly components: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly [member: string]: unknown;
}

const POLL_ANSWER = 'poll.answer';
/** What every transport takes in its address. */
const QUERY = {
  cursor: { ...TEXT, description: 'The place to go on from: what came after it follows' },
  groups: { ...TEXT, description: 'Groups to join, with commas between them' },
};

const WAIT = {
  type: 'number',
  default: MAX_POLL_WAIT_SECONDS,
  description:
    'How many seconds an empty answer may be held back; fractions count. ' +
    `Above ${MAX_POLL_WAIT_SECONDS} is ${MAX_POLL_WAIT_SECONDS}, below 0 is 0`,
};

/** The document of what is described. */
export function asyncApiDocument(wire: WireDescription, options: AsyncApiOptions = {}): AsyncApiDocument {
  const { title = 'Push', version = '1', description, url } = options;
  const { catalog } = wire;
  const schemas = eventSchemas(catalog);
  const wireMessages = new WireMessages(schemas, catalog.declarations, wire.handledEvents());
  const messages = {
    ...wireMessages.messages,
    [POLL_ANSWER]: pollAnswer(wireMessages),
    ...refusalMessages(schemas.components.add('problem', PROBLEM_SCHEMA)),
  };
  return {
    asyncapi: '3.0.0',
    info: { title, version, ...(description !== undefined && { description }) },
    defaultContentType: 'application/json',
    servers: serversOf(wire, url),
    channels: channelsOf(wire, wireMessages),
    operations: operationsOf(wireMessages),
    components: {
      messages,
      schemas: schemas.components.schemas,
      securitySchemes: securitySchemes(wire),
    },
  };
}

function serversOf(wire: WireDescription, url: string | undefined) {
  const security = Object.keys(securitySchemes(wire)).map((name) => ({ $ref: `#/components/securitySchemes/${name}` }));
  const { host, protocol } = url === undefined ? { host: '{host}', protocol: 'https:' } : new URL(url);
  const variables = url === undefined && { variables: { host: { description: 'Where the application is' } } };
  const isSecure = protocol === 'https:';
  return {
    ws: { host, protocol: isSecure ? 'wss' : 'ws', ...variables, security },
    http: { host, protocol: isSecure ? 'https' : 'http', ...variables, security },
  };
}

const REFUSED = 'A request that is refused is answered with a status and a problem document.';
/** An event source sets no header and stops for good at any status but 200. */
const REFUSED_STREAM =
  'Without `Authorization`, 429 and 503 are a stream that ends after `retry:` and `push:draining`.';

function descriptionsOf({ handshake }: WireDescription['paths']): Readonly<Record<RefusingChannel, string>> {
  const dryRun = `\`GET ${handshake}\` tells a page why: it goes through the same checks.`;
  const named = 'with `?named=1`, its bare `data` under its event';
  return {
    ws: `One WebSocket: every frame is one envelope as text, in both directions. ${REFUSED} ${dryRun}\n\n${closeCodeList()}`,
    sse: `Server-sent events: the \`data:\` of each is one envelope; ${named}. ${REFUSED} ${REFUSED_STREAM} ${dryRun}`,
    poll: `Long polling: each answer holds the messages after a cursor. ${REFUSED} So is an open poll that is ended.`,
    upstream: `One frame of a client that has no WebSocket, and its answer. ${REFUSED}`,
  };
}

function channelsOf({ paths }: WireDescription, { toSockets, toStreams, fromClients, replies }: WireMessages) {
  const query = { type: 'object', properties: QUERY };
  const descriptions = descriptionsOf(paths);
  const channel = (name: RefusingChannel, server: string, keys: readonly string[]) => {
    const all = [...new Set([...keys, ...refusalKeys(name)])];
    const messages = Object.fromEntries(all.map((key) => [key, { $ref: `#/components/messages/${key}` }]));
    return {
      address: paths[name],
      description: descriptions[name],
      servers: [{ $ref: `#/servers/${server}` }],
      messages,
    };
  };
  return {
    ws: {
      ...channel('ws', 'ws', [...toSockets, ...fromClients]),
      bindings: { ws: { method: 'GET', query, bindingVersion: '0.1.0' } },
    },
    sse: channel('sse', 'http', toStreams),
    poll: channel('poll', 'http', [POLL_ANSWER]),
    upstream: channel('upstream', 'http', [...fromClients, ...replies]),
  };
}

function operationsOf({ toSockets, toStreams, fromClients, replies }: WireMessages) {
  const reply = (name: string, keys: readonly string[]) => ({
    channel: channelRef(name),
    messages: messageRefs(name, keys),
  });
  const refuse = (name: RefusingChannel) => operation('send', name, refusalKeys(name), 'How a request is refused');
  const streamQuery = { type: 'object', properties: { ...QUERY, named: { enum: ['1'] } } };
  const pollQuery = { type: 'object', properties: { ...QUERY, wait: WAIT } };
  const connection = { 'Push-Connection': { ...TEXT, description: "The connectionId of the client's own stream" } };
  return {
    'ws.send': operation('send', 'ws', toSockets, 'What a connection gets'),
    'ws.receive': {
      ...operation('receive', 'ws', fromClients, 'What a connection sends'),
      reply: reply('ws', replies),
    },
    'ws.refuse': refuse('ws'),
    'sse.send': {
      ...operation('send', 'sse', toStreams, 'What an event stream gets'),
      ...httpBinding('GET', streamQuery),
    },
    'sse.refuse': { ...refuse('sse'), ...httpBinding('GET', streamQuery) },
    'poll.send': {
      ...operation('send', 'poll', [POLL_ANSWER], 'What a poll gets'),
      ...httpBinding('GET', pollQuery),
    },
    'poll.refuse': { ...refuse('poll'), ...httpBinding('GET', pollQuery) },
    'upstream.receive': {
      ...operation('receive', 'upstream', fromClients, 'What clients on SSE and long polling send'),
      description: `Header ${Object.keys(connection).join()}: ${connection['Push-Connection'].description}.`,
      ...httpBinding('POST'),
      reply: reply('upstream', [...replies, ...refusalKeys('upstream')]),
    },
  };
}

function operation(action: 'send' | 'receive', name: string, keys: readonly string[], title: string) {
  return { action, title, channel: channelRef(name), messages: messageRefs(name, keys) };
}

function httpBinding(method: string, query?: JsonSchema) {
  return { bindings: { http: { method, ...(query && { query }), bindingVersion: '0.3.0' } } };
}

function channelRef(name: string) {
  return { $ref: `#/channels/${name}` };
}

function messageRefs(name: string, keys: readonly string[]) {
  return keys.map((key) => ({ $ref: `#/channels/${name}/messages/${key}` }));
}

function pollAnswer({ inPolls }: WireMessages): JsonSchema {
  const anyOf = inPolls.map((key) => ({ $ref: `#/components/messages/${key}/payload` }));
  const description = `At most ${MAX_POLL_MESSAGES} messages, and what the server says of itself`;
  const properties = {
    messages: { type: 'array', description, items: { anyOf } },
    cursor: { ...TEXT, description: 'The place after these; the next poll hands it back' },
    more: { type: 'boolean', description: 'There are others: ask again at once' },
  };
  return {
    name: 'answer of a poll',
    title: 'answer of a poll',
    contentType: 'application/json',
    payload: { type: 'object', properties, required: Object.keys(properties) },
  };
}

function securitySchemes({ paths, tokens }: WireDescription): Record<string, JsonSchema> {
  const { cookie, accessTokenQuery, ticketSeconds } = tokens;
  const ticket = `\`POST ${paths.ticket}\` with a token answers it as \`ticket\`. Good once, for ${ticketSeconds} seconds`;
  const key = (place: string, name: string, description: string) => ({
    type: 'httpApiKey',
    in: place,
    name,
    description,
  });
  return {
    bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' },
    subprotocol: key('header', 'Sec-WebSocket-Protocol', '`push.v1, bearer.<token>`, where no other header can be set'),
    ticket: key('query', 'ticket', ticket),
    ...(cookie !== undefined && { cookie: key('cookie', cookie, 'The token, from the own page or a listed origin') }),
    ...(accessTokenQuery === true && { accessToken: key('query', 'access_token', 'The token') }),
  };
}
