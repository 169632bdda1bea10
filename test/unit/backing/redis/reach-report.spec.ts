import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { ReachReport } from '../../../../src/backing/redis/reach-report.js';

const lines: string[] = [];
const add =
  (level: string) =>
  (text: string): void =>
    void lines.push(`${level}: ${text}`);

beforeAll(() => Logger.overrideLogger({ log: add('log'), warn: add('warn'), error: add('error') }));
afterAll(() => Logger.overrideLogger(true));

it('warns once that Redis is away, and once that it is back, however many find out', () => {
  const report = new ReachReport();
  report.isBack();
  for (let count = 0; count < 3; count++) report.failed(new Error('refused'));
  for (let count = 0; count < 3; count++) report.isBack();
  expect(lines).toEqual([
    'warn: Redis is out of reach: refused. Sends are refused; connections stay and wait.',
    'warn: Redis is back.',
  ]);
});
