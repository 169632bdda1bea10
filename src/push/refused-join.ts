import type { Connection } from '../core/connection.js';
import type { RefusedEvent } from '../core/lifecycle-events.js';
import { ERROR_CODES } from '../protocol/error-codes.js';
import type { ErrorCode } from '../protocol/error-codes.js';
import { isGroup } from '../protocol/names.js';

/** What is told of a join that was refused. A name that is none could be anything, and is not told. */
export function refusedJoin(connection: Connection, group: string, code: ErrorCode): RefusedEvent {
  const { address, requestId, principal } = connection;
  const { userId, tenant } = principal;
  const { status, title } = ERROR_CODES[code];
  return {
    purpose: 'join',
    address,
    requestId,
    userId,
    tenant,
    group: isGroup(group) ? group : undefined,
    status,
    code,
    detail: title,
  };
}
