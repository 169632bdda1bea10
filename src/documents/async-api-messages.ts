/** The messages of the wire: every frame of the protocol and every event of the application, by direction. */
import {
  APPLICATION_EVENT,
  CLIENT_FRAMES,
  SERVER_FRAMES,
  answerSchema,
  frameSchema,
  messageSchema,
} from '../protocol/frame-schemas.js';
import { ClientEvent, ServerEvent } from '../protocol/frames.js';
import type { JsonSchema } from '../protocol/json-schema.js';
import { dataSchemaOf } from '../push/events/data-schema.js';
import { goes } from '../push/events/event-catalog.js';
import type { EventCatalog } from '../push/events/event-catalog.js';
import type { PushEventDeclaration } from '../push/push-event.decorator.js';
import { SchemaComponents, componentKey } from './schema-components.js';

/** Schemas of the data of declared events, by name; both point into the same components. */
export interface EventSchemas {
  readonly components: SchemaComponents;
  readonly outgoing: ReadonlyMap<string, JsonSchema>;
  readonly incoming: ReadonlyMap<string, JsonSchema>;
}

/** The data of every declared event, each schema once. */
export function eventSchemas({ declarations }: Pick<EventCatalog, 'declarations'>): EventSchemas {
  const components = new SchemaComponents();
  const outgoing = new Map<string, JsonSchema>();
  const incoming = new Map<string, JsonSchema>();
  for (const declared of declarations) {
    const { name, direction } = declared;
    const schema = components.add(direction === 'in' ? `${name}.in` : name, dataSchemaOf(declared));
    if (goes(declared, 'out')) outgoing.set(name, schema);
    if (goes(declared, 'in')) incoming.set(name, schema);
  }
  return { components, outgoing, incoming };
}

/** A WebSocket has close codes; a ping is answered where it was sent, as is the first answer to any frame. */
const NOT_ON_SOCKETS: readonly string[] = [ServerEvent.Closing];
const NOT_ON_STREAMS: readonly string[] = [ServerEvent.Pong];
const ON_POLLS: readonly string[] = [
  ...[ServerEvent.Gap, ServerEvent.Error, ServerEvent.Expiring, ServerEvent.Draining],
];
const REPLIES: readonly string[] = [ServerEvent.Ok, ServerEvent.Error, ServerEvent.Pong];
const OTHERS = 'An event that is not declared, with any data.';
const ANSWERS = 'What a handler answers under an event of its own, or sends to its own connection: it is no message.';

/** Messages by key, and which of them go which way. */
export class WireMessages {
  readonly messages: Record<string, JsonSchema> = {};
  /** Keys of the answers to frames. */
  readonly replies: readonly string[];
  /** Keys of what clients get over a WebSocket, on an event stream, and in the answer of a poll. */
  readonly toSockets: readonly string[];
  readonly toStreams: readonly string[];
  readonly inPolls: readonly string[];
  /** Keys of what clients send. */
  readonly fromClients: readonly string[];

  constructor(
    private readonly schemas: EventSchemas,
    private readonly declarations: readonly PushEventDeclaration[],
    handledEvents: readonly string[],
  ) {
    const frames = this.addServerFrames();
    const application = this.addApplicationMessages();
    const answer = this.add('answer', 'answer', answerSchema(this.dataRules(this.schemas.outgoing)), ANSWERS, true);
    this.replies = [...REPLIES.map(componentKey), answer];
    const isOn = (without: readonly string[]) => (key: string) => !without.map(componentKey).includes(key);
    this.toSockets = [...frames.filter(isOn(NOT_ON_SOCKETS)), ...application, answer];
    this.toStreams = [...frames.filter(isOn(NOT_ON_STREAMS)), ...application, answer];
    this.inPolls = [...ON_POLLS.map(componentKey), ...application];
    this.fromClients = [...this.addClientFrames(), ...this.addHandlerFrames(handledEvents)];
  }

  private addServerFrames(): readonly string[] {
    return Object.entries(SERVER_FRAMES).map(([event, { description, data }]) =>
      this.add(event, event, frameSchema(event, data), description, REPLIES.includes(event)),
    );
  }

  private addApplicationMessages(): readonly string[] {
    const declared = [...this.schemas.outgoing].map(([event, data]) =>
      this.add(event, event, messageSchema({ const: event }, data), this.descriptionOf(event, 'out')),
    );
    const names = [...this.schemas.outgoing.keys()];
    const other = names.length === 0 ? APPLICATION_EVENT : { allOf: [APPLICATION_EVENT, { not: { enum: names } }] };
    return [...declared, this.add('other', 'other events', messageSchema(other, {}), OTHERS)];
  }

  private addClientFrames(): readonly string[] {
    return Object.entries(CLIENT_FRAMES).map(([event, { description, data }]) => {
      const payload = frameSchema(event, event === ClientEvent.Send && data ? this.sendData(data) : data);
      return this.add(event, event, payload, description, true);
    });
  }

  private addHandlerFrames(events: readonly string[]): readonly string[] {
    return events.map((event) => {
      const data = this.schemas.incoming.get(event);
      const payload = frameSchema(event, data ?? {}, data !== undefined);
      return this.add(`${event}.in`, event, payload, this.descriptionOf(event, 'in'), true);
    });
  }

  /** What `push:send` carries of a declared event is what that is declared to be. */
  private sendData(data: JsonSchema): JsonSchema {
    const rules = this.dataRules(new Map([...this.schemas.incoming, ...this.schemas.outgoing]));
    return rules.length === 0 ? data : { ...data, allOf: rules };
  }

  /** The data of each of these events is what its schema says. */
  private dataRules(schemas: ReadonlyMap<string, JsonSchema>): readonly JsonSchema[] {
    return [...schemas].map(([event, schema]) => ({
      anyOf: [{ properties: { event: { not: { const: event } } } }, { properties: { data: schema } }],
    }));
  }

  private descriptionOf(event: string, way: 'in' | 'out'): string | undefined {
    return this.declarations.find((declared) => declared.name === event && goes(declared, way))?.description;
  }

  private add(key: string, name: string, payload: JsonSchema, description?: string, hasRef = false): string {
    const free = freeKey(this.messages, componentKey(key));
    this.messages[free] = {
      name,
      title: name,
      ...(description !== undefined && { description }),
      contentType: 'application/json',
      ...(hasRef && { correlationId: { location: '$message.payload#/ref' } }),
      payload,
    };
    return free;
  }
}

function freeKey(messages: Readonly<Record<string, unknown>>, key: string): string {
  let free = key;
  for (let number = 2; Object.hasOwn(messages, free); number++) free = `${key}-${number}`;
  return free;
}
