import { createParamDecorator } from '@nestjs/common';
import type { ExecutionContext } from '@nestjs/common';
import type { Principal } from '../core/principal.js';
import type { PushConnection } from './push-connection.js';

/** The principal behind the frame, in a handler of a push gateway; with a name, that member of it. */
export const PushUser = createParamDecorator((member: keyof Principal | undefined, context: ExecutionContext) => {
  const { user } = context.switchToWs().getClient<PushConnection>();
  return member === undefined ? user : user[member];
});
