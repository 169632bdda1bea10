import { isLater } from '../core/now-or-later.js';
import type { NowOrLater } from '../core/now-or-later.js';
import type { Principal } from '../core/principal.js';
import { isGroup, isTenant, isUserId } from '../protocol/names.js';
import { PushAuthenticator } from './push-authenticator.js';

/**
 * The authenticator of the host, whose answers no type has checked. What is wrong with one, found later, would end a
 * connection that is live already, or leave one that nothing reaches, such as that of the user 7 who is not the user '7'.
 */
export class HostAuthenticator extends PushAuthenticator {
  constructor(private readonly host: PushAuthenticator) {
    super();
  }

  /** As the host's. A bearer of no possible tenant is refused; throws a TypeError where it answered no principal. */
  override authenticate(token: string): NowOrLater<Principal | undefined> {
    const bearer = this.host.authenticate(token);
    return isLater(bearer) ? bearer.then(judge) : judge(bearer);
  }
}

function judge(principal: Principal | undefined): Principal | undefined {
  if (!principal) return undefined;
  const { userId, tenant, groups, scopes, expiresAtMs } = principal;
  if (tenant !== undefined && !isTenant(tenant)) return undefined;
  const wrong: string[] = [];
  if (!isUserId(userId)) wrong.push('userId must be a user id');
  if (!Array.isArray(groups) || !groups.every(isGroup)) wrong.push('groups must be a list of group names');
  if (!Array.isArray(scopes)) wrong.push('scopes must be a list');
  if (typeof expiresAtMs !== 'number' || Number.isNaN(expiresAtMs)) wrong.push('expiresAtMs must be a number');
  if (wrong.length > 0) throw new TypeError(`the authenticator answered no principal: ${wrong.join(', ')}`);
  return principal;
}
