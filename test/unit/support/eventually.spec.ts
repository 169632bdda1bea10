import { describe, expect, it } from '@jest/globals';
import { eventually, eventuallyDefined } from '../../support/eventually.js';

describe('eventually', () => {
  it('resolves once the condition is true', async () => {
    let calls = 0;
    await eventually(() => ++calls === 3);
    expect(calls).toBe(3);
  });

  it('resolves once the expectations hold', async () => {
    let calls = 0;
    await eventually(() => expect(++calls).toBe(3));
    expect(calls).toBe(3);
  });

  it('rejects with what failed last when time is up', async () => {
    const waiting = eventually(() => expect('red').toBe('green'), { timeoutMs: 20, what: 'the light is green' });
    await expect(waiting).rejects.toThrow(/within 20 ms: the light is green.*green/s);
  });

  it('rejects when the condition stays false', async () => {
    await expect(eventually(() => false, { timeoutMs: 20 })).rejects.toThrow('did not happen within 20 ms');
  });

  it('gives back what was found', async () => {
    let calls = 0;
    expect(await eventuallyDefined(() => (++calls === 2 ? 0 : undefined))).toBe(0);
  });
});
