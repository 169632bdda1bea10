import { afterEach, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { ManualClock } from '../../src/testing/manual-clock.js';
import { WarningLog } from '../../src/warning-log.js';

afterEach(() => {
  jest.restoreAllMocks();
});

it('warns once a second, and says then what was left out', () => {
  const warn = jest.spyOn(Logger.prototype, 'warn').mockImplementation(() => {});
  const clock = new ManualClock();
  const log = new WarningLog(clock);
  for (const text of ['first', 'second', 'third']) log.add(text);
  clock.advance(1_000);
  log.add('fourth');
  expect(warn.mock.calls).toEqual([['first'], ['fourth (and 2 more warnings)']]);
});

it('goes on when the clock was set back', () => {
  const warn = jest.spyOn(Logger.prototype, 'warn').mockImplementation(() => {});
  const clock = new ManualClock();
  const log = new WarningLog(clock);
  log.add('before');
  clock.advance(-3_600_000);
  log.add('after');
  expect(warn.mock.calls).toEqual([['before'], ['after']]);
});
