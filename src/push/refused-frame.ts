import type { Connection } from '../core/connection.js';
import type { Target } from '../core/delivery-target.js';
import type { RefusedEvent } from '../core/lifecycle-events.js';
import { ERROR_CODES } from '../protocol/error-codes.js';
import type { ErrorCode } from '../protocol/error-codes.js';
import { isGroup } from '../protocol/names.js';

/** What a client wanted and may not do. */
export interface RefusedWish {
  readonly purpose: 'join' | 'leave' | 'send';
  /** Of a join or leave. A name that is none could be anything, and is not told. */
  readonly group?: string;
  /** Of a send. */
  readonly target?: Target;
  readonly code: ErrorCode;
}

/** What is told of it. */
export function refusedFrame(connection: Connection, { purpose, group, target, code }: RefusedWish): RefusedEvent {
  const { address, requestId, principal } = connection;
  const { userId, tenant } = principal;
  const { status, title } = ERROR_CODES[code];
  return {
    purpose,
    address,
    requestId,
    userId,
    tenant,
    group: group !== undefined && isGroup(group) ? group : undefined,
    target,
    status,
    code,
    detail: title,
  };
}
