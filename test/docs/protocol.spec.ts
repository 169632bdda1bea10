import { describe, expect, it } from '@jest/globals';
import { PUSH_ERRORS } from '../../src/core/push-error.js';
import { CLOSE_CODES } from '../../src/protocol/close-codes.js';
import { ERROR_CODES } from '../../src/protocol/error-codes.js';
import { ClientEvent, ServerEvent } from '../../src/protocol/frames.js';
import {
  MAX_CLOSE_REASON_BYTES,
  MAX_CURSOR_LENGTH,
  MAX_EVENT_LENGTH,
  MAX_GROUP_LENGTH,
  MAX_JSON_DEPTH,
  MAX_REF_LENGTH,
  MAX_TENANT_LENGTH,
  MAX_USER_ID_LENGTH,
} from '../../src/protocol/limits.js';
import { BEARER_SUBPROTOCOL_PREFIX, SUBPROTOCOL } from '../../src/protocol/version.js';
import { NUMBER_OPTIONS, resolveOptions } from '../../src/push-options.resolver.js';
import { MAX_POLL_MESSAGES } from '../../src/push/open-poll.js';
import { Refusals } from '../../src/push/refusal.js';
import { codeOfStatus } from '../../src/rest/problem.js';
import { Markdown, plain, quantityOf } from './markdown.js';

const protocol = Markdown.read('PROTOCOL.md');

/** No request meets these. */
const ERRORS_AT_START = new Set(['PUSH_ERR_INVALID_OPTION', 'PUSH_ERR_ADAPTER_MISSING']);

/** The frames of the protocol in the first column of a section's table. */
function framesOf(section: string): readonly string[] {
  const rows = protocol.section(section).rows('event', '`data`');
  return rows.map((row) => plain(row['event'])).filter((event) => event.startsWith('push:'));
}

describe('PROTOCOL.md', () => {
  it('lists every frame from the server', () => {
    const spoken = Object.values(ServerEvent);
    expect([...framesOf('Frames from the server')].toSorted()).toEqual(spoken.toSorted());
  });

  it('lists every frame from the client', () => {
    expect([...framesOf('Frames from the client')].toSorted()).toEqual(Object.values(ClientEvent).toSorted());
  });

  it('lists every error code with its status', () => {
    const rows = protocol.section('Error codes').rows('`code`', '`status`', '`retryable`');
    const expected = Object.entries(ERROR_CODES).map(([code, { status, retryable }]) => [
      code,
      String(status),
      retryable ? 'yes' : 'no',
    ]);
    expect(rows.map((row) => [plain(row['`code`']), row['`status`'], row['`retryable`']])).toEqual(expected);
  });

  it('lists every close code, whether to come back, and its twin', () => {
    const rows = protocol.section('Close codes').rows('code', 'reason', 'come back?', 'HTTP twin');
    const ours = rows.filter((row) => row['reason'] !== '(of the WebSocket layer)');
    const expected = Object.entries(CLOSE_CODES).map(([code, { reason, reconnect, httpTwin }]) => [
      code,
      expect.stringContaining(reason),
      expect.stringMatching(reconnect ? /^yes/ : /^no/),
      String(httpTwin),
    ]);
    expect(ours.map((row) => [row['code'], row['reason'], row['come back?'], row['HTTP twin']])).toEqual(expected);
  });

  it('lists every refusal of the handshake', () => {
    const section = protocol.section('The checks, in order');
    for (const refusal of Object.values(Refusals)) {
      const { code, status } = refusal('');
      expect(section.text).toContain(`\`${code}\``);
      expect(section.text).toContain(String(status));
    }
  });

  it('lists every code of a problem of REST, those of PushErrors with their status', () => {
    const problems = protocol.section('Problems');
    const rows = problems.rows('status', '`code`', 'when');
    const documented = rows.flatMap((row) =>
      [...(row['`code`'] ?? '').matchAll(/`(\w+)`/g)].map(([, code]) => [code, row['status']]),
    );
    for (const [name, status] of Object.entries(PUSH_ERRORS)) {
      if (ERRORS_AT_START.has(name)) continue;
      expect(documented).toContainEqual([name.replace('PUSH_ERR_', '').toLowerCase(), String(status)]);
    }
    const statuses = Array.from({ length: 200 }, (_, index) => 400 + index);
    const named = statuses.map(codeOfStatus).filter((code) => !code.startsWith('http_'));
    expect(named.filter((code) => !problems.text.includes(`\`${code}\``))).toEqual([]);
    expect(documented).toContainEqual([codeOfStatus(400), '400']);
  });

  it('says the bounds of names as the code has them', () => {
    const shapes = new Map(
      protocol
        .section('Words')
        .rows('name', 'shape')
        .map((row) => [plain(row['name']), row['shape']]),
    );
    expect(shapes.get('user id')).toMatch(`1 to ${MAX_USER_ID_LENGTH} characters`);
    expect(shapes.get('tenant')).toMatch(`1 to ${MAX_TENANT_LENGTH} characters`);
    expect(shapes.get('group')).toMatch(`1 to ${MAX_GROUP_LENGTH} of`);
    expect(shapes.get('event')).toMatch(`1 to ${MAX_EVENT_LENGTH} of`);
    expect(shapes.get('ref')).toBe(`at most ${MAX_REF_LENGTH} characters`);
    expect(shapes.get('cursor')).toBe(`at most ${MAX_CURSOR_LENGTH.toLocaleString('en')} bytes`);
  });

  it('says the fixed limits as the code has them', () => {
    const { text } = protocol.section('Limits');
    expect(text).toContain(`nesting ${MAX_JSON_DEPTH}`);
    expect(text).toContain(`close reason of ${MAX_CLOSE_REASON_BYTES} bytes`);
  });

  it('says the defaults of the limits as the code has them', () => {
    const documented = protocol
      .section('Limits')
      .rows('option', 'default')
      .flatMap((row) => {
        const names = plain(row['option']).split(' + ');
        const defaults = (row['default'] ?? '').split(' + ');
        return names.map((name, index) => [name, quantityOf(defaults[index] ?? '')]);
      });
    const actual = documented.map(([name]) => [name, NUMBER_OPTIONS[name as keyof typeof NUMBER_OPTIONS]?.default]);
    expect(documented).toEqual(actual);
  });

  it.each(Object.keys(NUMBER_OPTIONS).filter((name) => name.startsWith('max')))('names the limit %s', (name) => {
    expect(protocol.text).toContain(`\`${name}\``);
  });

  it('lists every path with its default', () => {
    const rows = protocol.section('The request').rows('option `paths`', 'path');
    const documented = rows.map((row) => [plain(row['option `paths`']), plain(row['path'])]);
    expect(Object.fromEntries(documented)).toEqual(resolveOptions({}).paths);
  });

  it('says how many messages a poll is answered', () => {
    expect(protocol.section('Long polling').text).toContain(`at most ${MAX_POLL_MESSAGES} messages`);
  });

  it('names the subprotocols', () => {
    expect(protocol.text).toContain(`\`${SUBPROTOCOL}\``);
    expect(protocol.text).toContain(`${SUBPROTOCOL}, ${BEARER_SUBPROTOCOL_PREFIX}`);
  });
});
