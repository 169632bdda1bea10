import * as fc from 'fast-check';
import {
  anyJson,
  cutOrRepeated,
  event,
  group,
  headerValue,
  mostly,
  nearly,
  oddNumber,
  oddText,
  text,
  user,
} from './odd-values.js';

/** A message of REST, as the body of a send. */
const messageMembers = {
  event,
  data: anyJson,
  ttlSeconds: mostly(fc.integer({ min: 1, max: 60 }), oddNumber),
  store: fc.constantFrom('history', 'none'),
  collapseKey: mostly(fc.constantFrom('k', 'order:7'), oddText),
  report: fc.boolean(),
};
const names = (name: fc.Arbitrary<string>) => mostly(fc.array(name, { maxLength: 4 }), anyJson, 8);
const audience = { users: names(user), groups: names(group), connections: names(oddText) };
const target = fc.oneof(nearly({ ...audience, except: nearly(audience) }), nearly({ all: fc.constant(true) }));

/** One request to REST. */
export interface RestAttack {
  readonly method: string;
  readonly path: string;
  readonly body: string | undefined;
  readonly headers: Readonly<Record<string, string>>;
}

const segment = (value: fc.Arbitrary<string>) => value.map((raw) => encodeURIComponent(wellFormed(raw)));
const page = fc
  .record({ limit: mostly(fc.constantFrom('1', '100', '1000'), oddText), cursor: oddText }, { requiredKeys: [] })
  .map((query) => `?${new URLSearchParams(query as Record<string, string>).toString()}`);
const jsonBody = (value: fc.Arbitrary<unknown>) => mostly(value.map(text), cutOrRepeated(value.map(text)), 8);
const post = (path: fc.Arbitrary<string>, value: fc.Arbitrary<unknown>) =>
  fc.record({ method: fc.constant('POST'), path, body: jsonBody(value) });
const bare = (method: string, path: fc.Arbitrary<string>) =>
  fc.record({ method: fc.constant(method), path, body: fc.constant(undefined) });

const restHeaders = fc.record(
  {
    'idempotency-key': mostly(fc.constantFrom('a', 'b'), headerValue(oddText)),
    prefer: mostly(fc.constantFrom('wait=0', 'wait=1'), headerValue(oddText)),
    'content-type': mostly(
      fc.constant('application/json'),
      fc.constantFrom(
        'text/plain',
        'application/json; charset=utf-16',
        'application/jsonx',
        ';',
        'application/json;charset',
      ),
      10,
    ),
    'x-http-method-override': fc.constantFrom('DELETE', 'GET'),
  },
  { requiredKeys: ['content-type'] },
);

/** Requests of somebody who may do everything, except what would rightly harm the bystander. */
export const restAttack: fc.Arbitrary<RestAttack> = fc
  .tuple(
    fc.oneof(
      post(fc.constant('/push/messages'), nearly({ ...messageMembers, target })),
      post(
        segment(user).map((name) => `/push/users/${name}`),
        nearly(messageMembers),
      ),
      post(
        segment(group).map((name) => `/push/groups/${name}`),
        nearly(messageMembers),
      ),
      post(
        fc.constant('/push/batch'),
        nearly({ messages: fc.array(nearly({ ...messageMembers, target }), { maxLength: 4 }) }),
      ),
      post(fc.constant('/push/presence'), nearly({ users: names(user) })),
      post(fc.constant('/push/revocations'), nearly({ sub: fc.constant('attacker-9'), jti: fc.constant('none') })),
      bare(
        'GET',
        page.map((query) => `/push/connections${query}`),
      ),
      bare(
        'GET',
        fc.tuple(segment(group), page).map(([name, query]) => `/push/groups/${name}/members${query}`),
      ),
      bare(
        'GET',
        segment(user).map((name) => `/push/users/${name}/presence`),
      ),
      bare(
        'DELETE',
        segment(oddText).map((id) => `/push/connections/${id}`),
      ),
      fc.record({
        method: fc.constantFrom('PUT', 'DELETE'),
        path: fc.tuple(segment(group), segment(user)).map(([name, id]) => `/push/groups/${name}/members/${id}`),
        body: fc.option(jsonBody(nearly({ expiresAt: mostly(fc.constant('2100-01-01T00:00:00Z'), oddText) })), {
          nil: undefined,
        }),
      }),
    ),
    restHeaders,
  )
  .map(([request, headers]) => ({ ...request, headers }));

/** A lone surrogate cannot be written in a URL. */
function wellFormed(raw: string): string {
  return Buffer.from(raw).toString();
}
