import { SetMetadata, UseFilters, applyDecorators } from '@nestjs/common';
import { PushExceptionFilter } from './push-exception.filter.js';

/** Marks a class as a push gateway. The adapter makes it a Nest gateway once the host has installed it. */
const PUSH_GATEWAY = 'nestjs-push:gateway';

/** Nest's own key for filters, found out from what its decorator writes. */
const FILTERS = metadataKeyOf(UseFilters(PushExceptionFilter));

/**
 * Makes the `@SubscribeMessage` methods of a class handlers of client frames on push connections, on every transport.
 * Guards, pipes, interceptors, filters and parameter decorators work as on Nest's own gateways; the return value goes
 * back as `push:ok`, an error as `push:error`, both with the frame's `ref`.
 *
 * Nest calls `handleConnection` and `handleDisconnect` and catches nothing: what they throw or reject with ends the process.
 * A method with `@OnPush()` is logged instead.
 *
 * Needs `app.useWebSocketAdapter(new PushWsAdapter(app))` in main.ts; without it the application does not start.
 */
export function PushGateway(): ClassDecorator {
  return applyDecorators(SetMetadata(PUSH_GATEWAY, true), fallbackFilter());
}

/** Whether the class is decorated with {@link PushGateway}. */
export function isPushGateway(target: object | undefined | null): boolean {
  return typeof target === 'function' && Reflect.getMetadata(PUSH_GATEWAY, target) === true;
}

/** Our filter catches everything, so it goes behind the host's own filters, wherever those stand among the decorators. */
function fallbackFilter(): ClassDecorator {
  return (target) => {
    const others = (Reflect.getMetadata(FILTERS, target) as unknown[] | undefined) ?? [];
    Reflect.defineMetadata(FILTERS, [PushExceptionFilter, ...others], target);
  };
}

function metadataKeyOf(decorate: ClassDecorator): unknown {
  class Sample {}
  decorate(Sample);
  return Reflect.getMetadataKeys(Sample)[0];
}
