import { Injectable, type OnModuleDestroy } from '@nestjs/common';

/** Whether new work should come here. It turns at the first step of the end, while the port still answers. */
@Injectable()
export class Readiness implements OnModuleDestroy {
  private draining = false;

  get isDraining(): boolean {
    return this.draining;
  }

  onModuleDestroy(): void {
    this.draining = true;
  }
}
