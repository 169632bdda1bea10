import { Inject, Module } from '@nestjs/common';
import type { OnModuleDestroy } from '@nestjs/common';
import { ModuleRef, ModulesContainer } from '@nestjs/core';
import { DrainService } from './push/drain.service.js';

/**
 * Has the end of the application begin with this module: no handshake is let in, and readiness fails, before any other
 * module is told to end.
 *
 * Nest ends the root module first and global ones last, and waits for each. A global module would hear of the end when
 * all others have ended, and let clients in until then. The order is by the distance from the root, which is settled before
 * the first hook; this module is given the smallest one while it is made. Its only hook is this one. Where a version of Nest
 * orders otherwise, the end begins with that of PushModule.
 */
@Module({})
export class PushFirstToEnd implements OnModuleDestroy {
  constructor(
    @Inject(ModuleRef) private readonly moduleRef: ModuleRef,
    @Inject(ModulesContainer) modules: ModulesContainer,
  ) {
    for (const module of modules.values()) if (module.metatype === PushFirstToEnd) module.distance = -1;
  }

  onModuleDestroy(): void {
    this.moduleRef.get(DrainService, { strict: false }).begin();
  }
}
