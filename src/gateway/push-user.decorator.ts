import { createParamDecorator } from '@nestjs/common';
import type { ExecutionContext, PipeTransform, Type } from '@nestjs/common';
import type { Principal } from '../core/principal.js';
import type { PushConnection } from './push-connection.js';

type MemberOrPipe = keyof Principal | PipeTransform | Type<PipeTransform> | undefined;

/**
 * The principal behind the frame, in a handler of a push gateway; with a name, that member of it. Pipes may follow.
 * The type is written out: the inferred one names types of Nest 12 that Nest 11 does not have.
 */
export const PushUser: (...memberOrPipes: MemberOrPipe[]) => ParameterDecorator = createParamDecorator(
  (member: keyof Principal | undefined, context: ExecutionContext) => {
    const { user } = context.switchToWs().getClient<PushConnection>();
    return member === undefined ? user : user[member];
  },
);
