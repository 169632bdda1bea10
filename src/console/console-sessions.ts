import { Inject, Injectable } from '@nestjs/common';
import type { Principal } from '../core/principal.js';
import { PushError } from '../core/push-error.js';
import type { ConsoleSession } from '../protocol/console-frames.js';
import { isTenant, isUserId } from '../protocol/names.js';
import type { ConsolePasses } from '../push/console-passes.js';
import type { PushConsoleOptions } from './console-options.interface.js';
import type { ConsoleHttpRequest } from './console-request.interface.js';
import { CONSOLE_SCOPE, rightsOf } from './console-rights.js';

/** The injection token of {@link ConsoleSessionParts}. */
export const CONSOLE_SESSION_PARTS = 'PUSH_CONSOLE_SESSION_PARTS';

/** What sessions are opened with. */
export interface ConsoleSessionParts {
  readonly options: PushConsoleOptions;
  readonly paths: ConsoleSession['paths'];
  readonly passes: ConsolePasses;
  /** Whom the built-in guard has found in the token; undefined where it was not asked. */
  readonly principalOf: (request: ConsoleHttpRequest) => Principal | undefined;
}

/**
 * The user whose connection it is where guards of the host name nobody. A token may name the same one: what may be done
 * goes by scopes.
 */
const NAMELESS = 'push:console';

/** Opens the console for whoever was let in. */
@Injectable()
export class ConsoleSessions {
  constructor(@Inject(CONSOLE_SESSION_PARTS) private readonly parts: ConsoleSessionParts) {}

  /** What the page needs to know. Guards of the host have no token of ours to go on with, so they give it a pass. */
  open(request: ConsoleHttpRequest): ConsoleSession {
    const { options, principalOf } = this.parts;
    const bearer = options.guards ? undefined : principalOf(request);
    return bearer ? this.describe(bearer) : this.openWithPass(request);
  }

  private openWithPass(request: ConsoleHttpRequest): ConsoleSession {
    const tenant = this.parts.options.tenantOf?.(request);
    if (tenant !== undefined && !isTenant(tenant))
      throw new PushError('PUSH_ERR_INVALID_ARGUMENT', 'tenantOf has named no tenant');
    const bearer = { userId: userIdOf(request), tenant, scopes: [CONSOLE_SCOPE] };
    return this.describe(bearer, this.parts.passes.give(bearer));
  }

  private describe(bearer: Pick<Principal, 'userId' | 'tenant' | 'scopes'>, pass?: string): ConsoleSession {
    const may = rightsOf(bearer, pass === undefined ? 'token' : 'guards');
    const nothing = { send: false, broadcast: false, drain: false };
    const { paths } = this.parts;
    return { user: bearer.userId, tenant: bearer.tenant, pass, may: may ?? nothing, paths };
  }
}

function userIdOf({ user }: ConsoleHttpRequest): string {
  if (typeof user !== 'object' || user === null) return NAMELESS;
  const { sub, userId, id } = user as Readonly<Record<string, unknown>>;
  const found = sub ?? userId ?? id;
  const name = typeof found === 'number' ? String(found) : found;
  return isUserId(name) ? name : NAMELESS;
}
