/** Where a page of the members of a group begins: behind the last user of the one before, as text for a caller to hand back. */
import type { PushErrorDetail } from '../core/push-error.js';
import { isUserId } from '../protocol/names.js';

/** The cursor of the page that follows this user. */
export function membersCursorOf(userId: string): string {
  return Buffer.from(userId).toString('base64url');
}

/** The user whom the page follows; undefined where this is no cursor. */
export function readMembersCursor(cursor: unknown): string | undefined {
  if (typeof cursor !== 'string') return undefined;
  const userId = Buffer.from(cursor, 'base64url').toString();
  return isUserId(userId) && membersCursorOf(userId) === cursor ? userId : undefined;
}

/** What is wrong with the cursor of a page of members. */
export function membersCursorProblems(cursor: unknown): PushErrorDetail[] {
  if (cursor === undefined || readMembersCursor(cursor) !== undefined) return [];
  return [{ pointer: '/cursor', detail: 'not the cursor of a page' }];
}
