import { Injectable } from '@nestjs/common';
import type { Principal } from '../core/principal.js';

/** Whom a client's `push:send` is for: the members of one group, or one user. */
export type ClientTarget =
  { readonly group: string; readonly user?: undefined } | { readonly user: string; readonly group?: undefined };

/**
 * Decides what a client may do of its own accord. The injection token; a host provides its own class under this one.
 * Names are well-formed when they come here. A call that throws, rejects or takes longer than `authTimeoutMs` is
 * answered to the client as an internal error and permits nothing.
 */
export abstract class PushAuthorizer {
  /**
   * Whether the principal may join the group (`push:join`, `?groups=`). Groups of the token's claim and those that the
   * server gave need no permission and are not asked about.
   */
  abstract canJoin(principal: Principal, group: string): boolean | Promise<boolean>;

  /**
   * Whether the principal may leave the group (`push:leave`): what ends is its own wish, not what its token or the server
   * says. Left out, everyone may.
   */
  canLeave?(principal: Principal, group: string): boolean | Promise<boolean>;

  /** Whether the principal may send this to the target (`push:send`). `data` is what the client sent, unchecked. */
  abstract canSend(
    principal: Principal,
    target: ClientTarget,
    event: string,
    data: unknown,
  ): boolean | Promise<boolean>;
}

/** Lets clients join, leave and send nothing: what holds where a host provides no authorizer of its own. */
@Injectable()
export class DenyingAuthorizer extends PushAuthorizer {
  override canJoin(): boolean {
    return false;
  }

  override canLeave(): boolean {
    return false;
  }

  override canSend(): boolean {
    return false;
  }
}
