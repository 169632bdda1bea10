import type { PushAuthorizer } from '../auth/push-authorizer.js';
import type { Principal } from '../core/principal.js';
import { ErrorCode } from '../protocol/error-codes.js';
import { isGroup } from '../protocol/names.js';
import type { Admission, RefusedGroup } from './admission.js';

/** What became of the groups that a request asks for. */
export type GroupsVerdict = Pick<Admission, 'grantedGroups' | 'refusedGroups'>;

/** The verdict where none are asked for. */
export const NO_GROUPS: GroupsVerdict = { grantedGroups: [], refusedGroups: [] };

/** Asks the authorizer about each group of a `?groups=`, up to `maxGroups`; those past it are refused. */
export async function judgeGroups(
  authorizer: PushAuthorizer,
  principal: Principal,
  asked: string,
  maxGroups: number,
): Promise<GroupsVerdict> {
  const names = [...new Set(asked.split(','))];
  const grantedGroups: string[] = [];
  const refusedGroups: RefusedGroup[] = [];
  for (const group of names.slice(0, maxGroups)) {
    if (isGroup(group) && (await authorizer.canJoin(principal, group))) grantedGroups.push(group);
    else refusedGroups.push({ group, code: ErrorCode.Forbidden });
  }
  for (const group of names.slice(maxGroups)) refusedGroups.push({ group, code: ErrorCode.LimitGroups });
  return { grantedGroups, refusedGroups };
}
