import { describe, expect, it } from '@jest/globals';
import { PUSH_ERRORS } from '../../src/core/push-error.js';
import { CLOSE_CODES, CloseCode } from '../../src/protocol/close-codes.js';
import { ERROR_CODES } from '../../src/protocol/error-codes.js';
import type { GapReason } from '../../src/protocol/frames.js';
import { Refusals } from '../../src/push/refusal.js';
import { Markdown, plain } from './markdown.js';

/** Checked by the compiler: a reason that is missing here, or that there is not, is an error. */
const GAP_REASONS: Readonly<Record<GapReason, true>> = {
  expired: true,
  reset: true,
  invalid_cursor: true,
  skipped: true,
};

const errors = Markdown.read('docs/errors.md');
const yesOrNo = (value: boolean): string => (value ? 'yes' : 'no');

describe('docs/errors.md', () => {
  it('lists every PushError with its status', () => {
    const rows = errors.section('What the module throws').rows('code', 'status', 'when');
    expect(rows.map((row) => [plain(row['code']), Number(row['status'])])).toEqual(Object.entries(PUSH_ERRORS));
  });

  it('lists every code of push:error with its status', () => {
    const rows = errors.section('What a client reads in `push:error`').rows('code', 'status', 'retryable');
    const expected = Object.entries(ERROR_CODES).map(([code, { status, retryable }]) => [
      code,
      String(status),
      yesOrNo(retryable),
    ]);
    expect(rows.map((row) => [plain(row['code']), row['status'], row['retryable']])).toEqual(expected);
  });

  it('lists every close code with its name, reason and twin', () => {
    const rows = errors.section('Why a connection closes').rows('code', 'name', 'reason', 'come back', 'HTTP twin');
    const expected = Object.entries(CloseCode).map(([name, code]) => {
      const { reason, reconnect, httpTwin } = CLOSE_CODES[code];
      return [String(code), name, reason, yesOrNo(reconnect), String(httpTwin)];
    });
    const columns = ['code', 'name', 'reason', 'come back', 'HTTP twin'];
    expect(rows.map((row) => columns.map((column) => plain(row[column])))).toEqual(expected);
  });

  it('lists every refusal of the handshake with its status and header', () => {
    const rows = errors.section('Why a connection is refused').rows('status', 'code', 'header');
    const documented = rows.map((row) => `${row['status']} ${plain(row['code'])}`);
    const refusals = Object.values(Refusals).map((refusal) => refusal(''));
    expect(documented.toSorted()).toEqual([
      ...new Set(refusals.map(({ status, code }) => `${status} ${code}`).toSorted()),
    ]);
    for (const { code, headers } of refusals) {
      const header = plain(rows.find((row) => plain(row['code']) === code)?.['header']);
      if (header === '') expect([code, Object.keys(headers)]).toEqual([code, []]);
      else expect([code, Object.keys(headers)]).toEqual([code, expect.arrayContaining([header])]);
    }
  });

  it('lists every reason of a gap', () => {
    const rows = errors.section('What a gap means').rows('`reason`', 'what happened');
    expect(rows.map((row) => plain(row['`reason`'])).toSorted()).toEqual(Object.keys(GAP_REASONS).toSorted());
  });
});
