import { afterAll, beforeEach, expect, it } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { RefusalReport } from '../../../../src/backing/redis/refusal-report.js';
import { ManualClock } from '../../../../src/testing/manual-clock.js';

const NO_COMMAND = "NOPERM this user has no permissions to run the 'subscribe' command";
const NO_KEY = 'NOPERM this user has no permissions to access one of the keys used as arguments';
const FULL = "OOM command not allowed when used memory > 'maxmemory'. script: 7ac6, on @user_script:1.";

const PUBLISH = { name: 'evalsha', args: ['7ac6', '1', 'push:{0}:log'] };
const SUBSCRIBE = { name: 'subscribe', args: ['push:{0}:log:c:u:anna'] };

let lines: string[] = [];
let clock = new ManualClock();

const refusal = (message: string, command = PUBLISH) =>
  Object.assign(new Error(message), { name: 'ReplyError', command });

beforeEach(() => {
  lines = [];
  clock = new ManualClock();
  Logger.overrideLogger({ log: () => {}, warn: (text: string) => void lines.push(text), error: () => {} });
});
afterAll(() => Logger.overrideLogger(true));

it.each([
  [NO_COMMAND, SUBSCRIBE, 'Redis refuses SUBSCRIBE: NOPERM'],
  [NO_COMMAND.replace('subscribe', 'evalsha'), PUBLISH, 'Redis refuses EVALSHA: NOPERM'],
  ["NOPERM User anna has no permissions to run the 'get' command", PUBLISH, 'Redis refuses a script: NOPERM (GET)'],
  [NO_KEY, PUBLISH, 'Redis refuses a script: NOPERM (a key)'],
  [NO_KEY.replace('keys', 'channels'), SUBSCRIBE, 'Redis refuses SUBSCRIBE: NOPERM (a channel)'],
  [
    "ERR The user executing the script can't run this command or subcommand script: 7ac6, on @user_script:1.",
    PUBLISH,
    'Redis refuses a script: ERR (a command in it)',
  ],
  [FULL, PUBLISH, 'Redis refuses a script: OOM'],
  ['MOVED 1584 10.0.0.5:6379', PUBLISH, 'Redis refuses a script: MOVED'],
])('names the command and the kind, and of the rest nothing: %s', (message, command, text) => {
  const report = new RefusalReport(clock);
  report.refused(refusal(message, command));
  expect(report.recent?.text).toBe(text);
  expect(lines).toEqual([expect.stringContaining(`${text}. `)]);
  expect(lines.join()).not.toMatch(/anna|10\.0\.0\.5|push:/);
});

it('warns once of a cause while it lasts, and of another one too', () => {
  const report = new RefusalReport(clock);
  for (let count = 0; count < 100; count++) {
    report.refused(refusal(FULL));
    report.refused(refusal(NO_COMMAND, SUBSCRIBE));
    clock.advance(1_000);
  }
  expect(lines).toEqual([expect.stringContaining('a script: OOM'), expect.stringContaining('SUBSCRIBE: NOPERM')]);
});

it('warns once that it is over, when the same script is taken again, and anew when it comes back', () => {
  const report = new RefusalReport(clock);
  report.refused(refusal(FULL));
  clock.advance(10_000);
  report.answered({ name: 'evalsha', args: ['another script'] });
  expect(lines).toHaveLength(1);
  for (let count = 0; count < 3; count++) report.answered(PUBLISH);
  expect(lines.slice(1)).toEqual(['Redis takes a script again.']);
  report.refused(refusal(FULL));
  expect(lines).toHaveLength(3);
});

it('takes a script that is sent as a whole for the one that is sent by its hash', () => {
  const report = new RefusalReport(clock);
  report.refused(refusal(FULL, { name: 'eval', args: ['return 1', '1', 'push:{0}:log'] }));
  const hash = 'e0e1f9fabfc9d4800c877a703b823ac0578ff8db';
  report.refused(refusal(FULL, { name: 'evalsha', args: [hash] }));
  clock.advance(10_000);
  report.answered({ name: 'eval', args: ['return 1'] });
  expect(lines).toEqual([expect.stringContaining('a script: OOM'), 'Redis takes a script again.']);
});

it('says no more of what is refused and taken by turns', () => {
  const report = new RefusalReport(clock);
  for (let count = 0; count < 100; count++) {
    report.refused(refusal(NO_KEY));
    clock.advance(5_000);
    report.answered(PUBLISH);
  }
  expect(lines).toHaveLength(1);
});

it('counts what was met lately alone as refused now, and what was not met for long as new', () => {
  const report = new RefusalReport(clock);
  report.refused(refusal(FULL));
  clock.advance(5_000);
  expect(report.recent).toBeUndefined();
  clock.advance(600_000);
  report.refused(refusal(FULL));
  expect(lines).toHaveLength(2);
});

it.each(['NOSCRIPT No matching script.', 'NOAUTH Authentication required.', 'TRYAGAIN Multiple keys request'])(
  'takes no notice of what is in the ways of the driver: %s',
  (message) => {
    const report = new RefusalReport(clock, ['TRYAGAIN']);
    report.refused(refusal(message));
    expect([report.isWaiting, lines]).toEqual([false, []]);
  },
);
