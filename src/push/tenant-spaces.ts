/**
 * The spaces of all tenants on this node. One is made when it is first needed: a good token, a call of the application. It
 * is let go when it has been idle for as long as a message is kept, or when too many others are idle; what was kept of it
 * elsewhere than in this process is there when it is made again.
 *
 * A space that was asked for is used in the same turn of the event loop, or entered: an idle one may be gone after that.
 */
import type { Backing, NamedTenantStores } from '../backing/backing.interface.js';
import type { MessageLogLimits } from '../backing/message-log.interface.js';
import type { ConsoleHandler } from './console-handler.interface.js';
import type { HostHandlers } from './host-handlers.interface.js';
import type { NodeControl } from './node-control.interface.js';
import { TenantNodes } from './tenant-nodes.js';
import { TenantSpace } from './tenant-space.js';
import type { SharedParts } from './tenant-space.js';

/** What tenants are bounded by. */
export interface TenantLimits {
  /**
   * Most tenants that are held ready while nobody of them is connected; past it the one that has been idle longest is let
   * go. In memory its messages go with it, and who comes back is told of a gap.
   * @default 1_000
   */
  readonly maxIdleTenants?: number;
}

/** What spaces are made with. */
export interface TenantSpacesParts extends SharedParts {
  readonly backing: Backing;
  readonly options: SharedParts['options'] & Required<TenantLimits & Pick<MessageLogLimits, 'historySeconds'>>;
}

/** A space is held ready for so long at least. */
const MIN_IDLE_MS = 60_000;

interface NamedSpace {
  readonly space: TenantSpace;
  readonly stores: NamedTenantStores;
}

/** Makes the spaces of tenants and lets them go. */
export class TenantSpaces {
  /** The space of the default tenant. It is always there. */
  readonly home: TenantSpace;
  private readonly named = new Map<string, NamedSpace>();
  /** Since when, by name, those that are idle longest first. */
  private readonly idleSince = new Map<string, number>();
  private readonly idleMs: number;
  private handlers: HostHandlers | undefined;
  private operatedBy: NodeControl | undefined;
  private console: ConsoleHandler | undefined;
  private isOver = false;

  constructor(private readonly parts: TenantSpacesParts) {
    const { backing, options } = parts;
    this.idleMs = Math.max(MIN_IDLE_MS, options.historySeconds * 1000);
    const init = { tenant: undefined, stores: backing, nodes: backing.nodes, onIdle: () => {} };
    this.home = new TenantSpace(init, parts);
  }

  /** Spaces that are held, that of the default tenant included. */
  get size(): number {
    return 1 + this.named.size;
  }

  /** The application's handlers of client frames, the same for all tenants. */
  set hostHandlers(handlers: HostHandlers) {
    this.handlers = handlers;
    for (const { frames } of this.all()) frames.hostHandlers = handlers;
  }

  /** The admin console, the same for all tenants. */
  set consoleHandler(handler: ConsoleHandler) {
    this.console = handler;
    for (const { frames } of this.all()) frames.consoleHandler = handler;
  }

  /** What an operator sees of the process and may ask of it. */
  set control(control: NodeControl) {
    this.operatedBy = control;
    for (const { view } of this.all()) view.control = control;
  }

  /** The space of a tenant; of the default one for undefined. */
  of(tenant: string | undefined): TenantSpace {
    if (tenant === undefined) return this.home;
    return this.named.get(tenant)?.space ?? this.make(tenant);
  }

  /** As {@link of}, and kept until it is left. */
  enter(tenant: string | undefined): TenantSpace {
    const space = this.of(tenant);
    if (tenant !== undefined) this.idleSince.delete(tenant);
    space.enter();
    return space;
  }

  /** The space of a tenant, if there is one now. */
  find(tenant: string): TenantSpace | undefined {
    return this.named.get(tenant)?.space;
  }

  /** The spaces that there are. */
  *all(): Generator<TenantSpace, void> {
    yield this.home;
    for (const { space } of this.named.values()) yield space;
  }

  /** Lets go of what has been idle for long. Meant to be called regularly. */
  sweep(nowMs: number): void {
    for (const [tenant, sinceMs] of this.idleSince) {
      if (nowMs - sinceMs < this.idleMs) return;
      this.letGo(tenant);
    }
  }

  /** The application has ended: what is sent from now on is refused. */
  end(): void {
    this.isOver = true;
    for (const { publisher } of this.all()) publisher.end();
  }

  private make(tenant: string): TenantSpace {
    const { backing } = this.parts;
    const stores = backing.of(tenant);
    const init = { tenant, stores, nodes: new TenantNodes(backing.nodes, tenant), onIdle: this.becameIdle };
    const space = new TenantSpace(init, this.parts);
    space.frames.hostHandlers = this.handlers;
    space.frames.consoleHandler = this.console;
    space.view.control = this.operatedBy;
    if (this.isOver) space.publisher.end();
    this.named.set(tenant, { space, stores });
    this.idleSince.set(tenant, this.parts.clock.now());
    return space;
  }

  private readonly becameIdle = ({ tenant = '' }: TenantSpace): void => {
    this.idleSince.delete(tenant);
    this.idleSince.set(tenant, this.parts.clock.now());
    for (const longest of this.idleSince.keys()) {
      if (this.idleSince.size <= this.parts.options.maxIdleTenants) return;
      this.letGo(longest);
    }
  };

  /** Unless somebody has come who did not enter first. */
  private letGo(tenant: string): void {
    this.idleSince.delete(tenant);
    const known = this.named.get(tenant);
    if (!known?.space.isIdle) return;
    this.named.delete(tenant);
    known.stores.release();
  }
}
