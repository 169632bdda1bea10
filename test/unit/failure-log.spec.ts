import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { FailureLog } from '../../src/failure-log.js';
import { ManualClock } from '../../src/testing/manual-clock.js';

describe('FailureLog', () => {
  let lines: unknown[];

  beforeEach(() => {
    lines = [];
    jest.spyOn(Logger.prototype, 'error').mockImplementation((line: unknown) => lines.push(line));
  });

  afterEach(() => {
    jest.restoreAllMocks();
  });

  it('logs one failure a second and says how many it left out', () => {
    const clock = new ManualClock();
    const log = new FailureLog(clock);

    for (const cause of ['first', 'second', 'third']) log.add(cause);
    clock.advance(1_000);
    log.add('fourth');
    clock.advance(1_000);
    log.add('fifth');

    expect(lines).toEqual(['first', '2 more failures were not logged', 'fourth', 'fifth']);
  });

  it('goes on when the clock was set back', () => {
    const clock = new ManualClock();
    const log = new FailureLog(clock);
    log.add('before');
    clock.advance(-3_600_000);
    log.add('after');
    expect(lines).toEqual(['before', 'after']);
  });
});
