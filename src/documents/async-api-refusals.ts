/** What is answered in place of a connection, and why one ends, as AsyncAPI says it. */
import { CLOSE_CODES, PEER_IS_WRONG } from '../protocol/close-codes.js';
import type { JsonSchema } from '../protocol/json-schema.js';
import { ROUTE_REFUSALS, unionOf } from './route-refusals.js';
import type { StatusRefusal } from './route-refusals.js';

/** The channels that a request can be refused on. */
export type RefusingChannel = 'ws' | 'sse' | 'poll' | 'upstream';

/** Messages by key: one for each status that a request of a channel is refused with. */
export function refusalMessages(problem: JsonSchema): Record<string, JsonSchema> {
  const refusals = unionOf(['ws', 'sse', 'poll', 'upstream']);
  return Object.fromEntries(refusals.map((refusal) => [keyOf(refusal), messageOf(refusal, problem)]));
}

/** The keys of those that the channel has. */
export function refusalKeys(channel: RefusingChannel): readonly string[] {
  return ROUTE_REFUSALS[channel].map(keyOf);
}

/** Every close code and what it means to a client, as Markdown. */
export function closeCodeList(): string {
  const ours = Object.entries(CLOSE_CODES).map(
    ([code, { reason, reconnect }]) => `- ${code} ${reason}: ${reconnect ? 'come back' : 'do not come back'}`,
  );
  const layer = Object.entries(PEER_IS_WRONG).map(([code, cause]) => `- ${code} ${cause}: do not come back`);
  const others = 'The application may close with others: 4000 to 4499 come back, 4500 to 4999 do not.';
  return ['Close codes:', '', ...[...ours, ...layer].toSorted(), '', others].join('\n');
}

function keyOf({ status }: StatusRefusal): string {
  return `refusal.${status}`;
}

function messageOf({ status, codes, headers }: StatusRefusal, problem: JsonSchema): JsonSchema {
  const name = `refused with ${status}`;
  const required = Object.keys(headers);
  return {
    name,
    title: name,
    description: `A problem document (RFC 9457) whose \`code\` is ${codes.map((code) => `\`${code}\``).join(' or ')}.`,
    contentType: 'application/problem+json',
    ...(required.length > 0 && { headers: { type: 'object', properties: headers, required } }),
    payload: { allOf: [problem, { properties: { status: { const: status }, code: { enum: codes } } }] },
    bindings: { http: { statusCode: status, bindingVersion: '0.3.0' } },
  };
}
