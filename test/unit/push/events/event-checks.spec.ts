import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import type { StandardSchema } from '../../../../src/push/events/standard-schema.js';
import { EventCatalog } from '../../../../src/push/events/event-catalog.js';
import { IncomingCheck } from '../../../../src/push/events/incoming-check.js';
import { OutgoingCheck } from '../../../../src/push/events/outgoing-check.js';
import { PushError } from '../../../../src/core/push-error.js';
import { ManualClock } from '../../../../src/testing/manual-clock.js';

const typing = z.object({ room: z.string() });
const told = z.object({ room: z.string(), user: z.string() });
const catalog = new EventCatalog([
  { name: 'chat.typing', direction: 'in', schema: typing },
  { name: 'chat.typing', direction: 'out', schema: told },
  { name: 'chat.message', direction: 'both', schema: z.object({ text: z.string() }) },
  { name: 'order.place', direction: 'in', schema: z.object({ item: z.string() }) },
]);

/** A schema of nobody's library. */
function schemaThat(validate: StandardSchema['~standard']['validate']): StandardSchema {
  return { '~standard': { version: 1, vendor: 'test', validate } };
}

describe('IncomingCheck', () => {
  const clock = new ManualClock();
  const check = new IncomingCheck(catalog, clock, { validationTimeoutMs: 1_000 });

  it('holds a frame against what handlers get', () => {
    expect(check.ofFrame('chat.typing', { room: 'a' })).toBeUndefined();
    expect(check.ofFrame('chat.typing', {})).toMatch(/^\/data\/room: /);
  });

  it('holds what goes to others against what they are promised', () => {
    expect(check.ofRelayed('chat.typing', { room: 'a' })).toMatch(/^\/data\/user: /);
    expect(check.ofRelayed('chat.message', { text: 'hello' })).toBeUndefined();
  });

  it('holds it against what clients may say where others are promised nothing', () => {
    expect(check.ofRelayed('order.place', {})).toMatch(/^\/data\/item: /);
  });

  it('knows no data from data that is null', () => {
    const schema = z.null();
    const bell = new IncomingCheck(new EventCatalog([{ name: 'bell', direction: 'both', schema }]), clock, {
      validationTimeoutMs: 1_000,
    });
    expect(bell.ofRelayed('bell', undefined)).toBeUndefined();
    expect(bell.ofFrame('bell', undefined)).toMatch(/^\/data: /);
  });

  it('lets pass what is not declared', () => {
    expect(check.ofFrame('other', { any: 1 })).toBeUndefined();
  });

  it('gives up rules that do not answer in time', async () => {
    const schema = schemaThat(() => new Promise(() => {}));
    const stuck = new IncomingCheck(new EventCatalog([{ name: 'stuck', direction: 'in', schema }]), clock, {
      validationTimeoutMs: 1_000,
    });
    const verdict = stuck.ofFrame('stuck', 1);
    clock.advance(1_000);
    await expect(verdict).rejects.toThrow('took more than 1000 ms');
  });
});

describe('OutgoingCheck', () => {
  const make = (onlyWarns: boolean, source = catalog) => {
    const warnings: string[] = [];
    return {
      warnings,
      check: new OutgoingCheck({ catalog: source, onlyWarns, onWarning: (text) => warnings.push(text) }),
    };
  };

  it('throws an error that names the event and each fault', () => {
    const { check } = make(false);
    check.assert('chat.typing', '{"room":"a","user":"7"}');
    let thrown: unknown;
    try {
      check.assert('chat.typing', '{"room":1}');
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(PushError);
    expect(thrown).toMatchObject({ code: 'PUSH_ERR_INVALID_DATA', status: 400 });
    expect((thrown as PushError).message).toMatch(/chat\.typing.*\/data\/room.*\/data\/user/);
    expect((thrown as PushError).errors?.map(({ pointer }) => pointer)).toEqual(['/data/room', '/data/user']);
  });

  it('only warns where that is wanted', () => {
    const { check, warnings } = make(true);
    check.assert('chat.typing', '{}');
    expect(warnings).toEqual([expect.stringContaining('chat.typing')]);
  });

  it('does not judge what clients alone send', () => {
    expect(() => make(false).check.assert('order.place', 'null')).not.toThrow();
  });

  it('says once of a schema that answers later that it is not asked', () => {
    let asked = 0;
    const schema = schemaThat(async () => {
      asked++;
      throw new Error('nobody hears this');
    });
    const { check, warnings } = make(false, new EventCatalog([{ name: 'late', schema }]));
    check.assert('late', '1');
    check.assert('late', '2');
    expect(warnings).toEqual([expect.stringContaining('late')]);
    expect(asked).toBe(1);
  });
});
