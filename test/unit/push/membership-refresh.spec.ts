import { expect, it } from '@jest/globals';
import { MembershipRefresh } from '../../../src/push/membership-refresh.js';
import { ManualClock } from '../../../src/testing/manual-clock.js';
import { turn } from '../../support/scripted-log.js';

it('reads again soon what could not be read', async () => {
  const clock = new ManualClock();
  const taken: string[] = [];
  let reads = 0;
  let isAway = true;
  const refresh = new MembershipRefresh({
    read: () => {
      reads++;
      return isAway ? Promise.reject(new Error('away')) : { held: [], revision: 1 };
    },
    take: (userId) => void taken.push(userId),
    isHere: () => true,
    clock,
  });
  refresh.add('7');
  refresh.run();
  await turn();
  clock.advance(199);
  await turn();
  expect([reads, taken]).toEqual([1, []]);

  isAway = false;
  clock.advance(1);
  await turn();
  expect([reads, taken]).toEqual([2, ['7']]);
  clock.advance(1_000);
  await turn();
  expect(reads).toBe(2);
});
