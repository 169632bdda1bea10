import { describe, expect, it } from '@jest/globals';
import { ForgottenTargets } from '../../../../src/backing/memory/forgotten-targets.js';

describe('ForgottenTargets', () => {
  it('remembers each target for itself', () => {
    const targets = new ForgottenTargets(10);
    targets.remember('a', 3);
    targets.remember('b', 5);
    expect(['a', 'b', 'c'].map((name) => targets.lostThroughOf(name))).toEqual([3, 5, 0]);
  });

  it('gives a target back and forgets it', () => {
    const targets = new ForgottenTargets(10);
    targets.remember('a', 3);
    expect([targets.take('a'), targets.take('a')]).toEqual([3, 0]);
  });

  it('never says less of a target than it was told, however many there are', () => {
    const targets = new ForgottenTargets(10);
    for (let number = 1; number <= 1_000; number++) targets.remember(`user ${number}`, number);
    const understated = Array.from({ length: 1_000 }, (_, index) => index + 1).filter(
      (number) => targets.lostThroughOf(`user ${number}`) < number,
    );
    expect(understated).toEqual([]);
  });

  it('says no more than it was told of those forgotten lately', () => {
    const targets = new ForgottenTargets(10);
    for (let number = 1; number <= 1_000; number++) targets.remember(`user ${number}`, number);
    const recent = [996, 997, 998, 999, 1_000];
    expect(recent.map((number) => targets.lostThroughOf(`user ${number}`))).toEqual(recent);
  });

  it('counts a target that it does not know among those it has let go', () => {
    const targets = new ForgottenTargets(10);
    for (let number = 1; number <= 100; number++) targets.remember(`user ${number}`, number);
    const floor = targets.lostThroughOf('unknown');
    expect(floor).toBeGreaterThanOrEqual(90);
    expect(floor).toBeLessThanOrEqual(95);
  });
});
