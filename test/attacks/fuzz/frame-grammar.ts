import * as fc from 'fast-check';
import { anyJson, cutOrRepeated, event, group, mostly, nearly, ref, text, user } from './odd-values.js';
import { tokenLike } from './token-grammar.js';

/** The text of one client frame. */
export const frameText: fc.Arbitrary<string> = fc.oneof(
  { weight: 12, arbitrary: frame('push:join', nearly({ group })) },
  { weight: 12, arbitrary: frame('push:leave', nearly({ group })) },
  {
    weight: 12,
    arbitrary: frame('push:send', nearly({ to: fc.oneof(nearly({ group }), nearly({ user })), event, data: anyJson })),
  },
  { weight: 6, arbitrary: frame('push:auth', nearly({ token: tokenLike() })) },
  { weight: 6, arbitrary: frame('echo', anyJson) },
  { weight: 6, arbitrary: frame('push:ping', anyJson) },
  { weight: 4, arbitrary: nearly({ event: mostly(event, anyJson), data: anyJson, ref }).map(text) },
  { weight: 2, arbitrary: anyJson.map(text) },
  { weight: 2, arbitrary: cutOrRepeated(nearly({ event, data: anyJson, ref }).map(text)) },
  {
    weight: 1,
    arbitrary: fc.integer({ min: 1, max: 5000 }).map((depth) => `{"event":"a","data":${'['.repeat(depth)}`),
  },
);

function frame(name: string, data: fc.Arbitrary<unknown>): fc.Arbitrary<string> {
  return fc.record({ event: fc.constant(name), data, ref }, { requiredKeys: ['event'] }).map(text);
}
