/**
 * What pages of the admin console ask for over their connections, each judged by who asks: their view, the search, the
 * preview, and the deeds. What is sent and ended goes through PushService, with the name of who did it.
 */
import type { OnApplicationShutdown } from '@nestjs/common';
import type { Clock } from '../core/clock.js';
import type { Connection } from '../core/connection.js';
import type { Target } from '../core/delivery-target.js';
import { PushError } from '../core/push-error.js';
import type { ConsoleReport, ConsoleSession } from '../protocol/console-frames.js';
import { ErrorCode } from '../protocol/error-codes.js';
import type { ConsoleAnswer, ConsoleHandler } from '../push/console-handler.interface.js';
import type { PushService } from '../push/push.service.js';
import { assertSendable } from '../push/send-validation.js';
import type { TenantSpace } from '../push/tenant-space.js';
import type { TenantSpaces } from '../push/tenant-spaces.js';
import { ConsoleFeed, SEARCH_LIMIT } from './console-feed.js';
import { reportOf } from './console-report.js';
import { readConsoleRequest } from './console-requests.js';
import type { ConsoleRequest } from './console-requests.js';
import { rightsOf } from './console-rights.js';
import type { ConsoleDoor } from './console-rights.js';

/** Connections of a preview that are shown by name. */
const PREVIEW_LIMIT = 50;
/** How long a send waits for slow connections before its receipt is given. */
const REPORT_MS = 2_000;

/** What the console works with. */
export interface ConsoleParts {
  readonly spaces: Pick<TenantSpaces, 'enter'>;
  readonly push: PushService;
  readonly clock: Clock;
  readonly door: ConsoleDoor;
  readonly onFailure: (cause: unknown) => void;
}

/** Who asks. */
interface Asker {
  readonly connection: Connection;
  readonly may: ConsoleSession['may'];
  readonly push: PushService;
}

/** Something that was asked for and may not be had. */
class Refused extends Error {
  constructor(
    readonly code: ErrorCode,
    detail: string,
  ) {
    super(detail);
  }
}

/** Answers the pages of the console. */
export class ConsoleService implements ConsoleHandler, OnApplicationShutdown {
  private readonly feeds = new Map<string | undefined, ConsoleFeed>();

  constructor(private readonly parts: ConsoleParts) {}

  async handle(connection: Connection, data: unknown): Promise<ConsoleAnswer> {
    const may = this.rightsOf(connection);
    if (!may) return refused(ErrorCode.Forbidden, 'the scope push:admin is needed');
    const request = readConsoleRequest(data);
    if (!request) return refused(ErrorCode.InvalidData, 'this is no request of the console');
    const push = this.parts.push.forTenant(connection.principal.tenant);
    try {
      const asker = { connection, may, push };
      if (request.action === 'drain') return await this.drain(request.node, asker);
      return { type: 'ok', data: await this.carryOut(request, asker) };
    } catch (cause) {
      if (cause instanceof Refused) return refused(cause.code, cause.message);
      if (!(cause instanceof PushError)) throw cause;
      // What the caller has done wrong, or what passes: an operator is told what is away, and what may have been done.
      if (cause.status < 500) return refused(ErrorCode.InvalidData, cause.message);
      if (cause.retryAfterMs !== undefined) return refused(ErrorCode.Internal, cause.message);
      throw cause;
    }
  }

  onApplicationShutdown(): void {
    for (const feed of this.feeds.values()) feed.stop();
  }

  private rightsOf({ principal }: Connection): ConsoleSession['may'] | undefined {
    return rightsOf(principal, this.parts.door);
  }

  private async carryOut(request: Exclude<ConsoleRequest, { action: 'drain' }>, asker: Asker): Promise<unknown> {
    const { connection, push } = asker;
    switch (request.action) {
      case 'view':
        // A request without a stream, as those who poll make, has nothing that goes on.
        if (connection.transport.name === 'poll') throw new Refused(ErrorCode.ConnectionRequired, 'a poll has to look');
        this.feedOf(connection.principal.tenant).show(connection, request.view);
        return null;
      case 'look':
        return this.look(request, connection);
      case 'search':
        return this.within(connection, ({ clusterView }) =>
          clusterView.search(request.search, SEARCH_LIMIT, request.cursor),
        );
      case 'preview':
        assertSendable(request.target, 'preview', {});
        return this.within(connection, ({ clusterView }) => clusterView.preview(request.target, PREVIEW_LIMIT));
      case 'send':
        return this.send(request, asker);
      default:
        return push.disconnect(request.filter, { reconnect: request.reconnect, by: connection.principal.userId });
    }
  }

  /** One report, for a page to which none can be brought. What it has seen it knows itself, so any node can answer. */
  private look(
    { view, seen }: Extract<ConsoleRequest, { action: 'look' }>,
    connection: Connection,
  ): Promise<ConsoleReport> {
    const { trace, search } = view;
    return this.within(connection, async ({ clusterView }) => {
      const [look, found] = await Promise.all([
        clusterView.look(trace === undefined ? [] : [{ userId: trace, after: seen }]),
        search && clusterView.search(search, SEARCH_LIMIT),
      ]);
      const traced = trace === undefined ? undefined : { userId: trace, entries: look.traces[0] ?? [] };
      return reportOf(this.parts.clock.now(), look, found, traced);
    });
  }

  private send(
    { target, event, payload, options }: Extract<ConsoleRequest, { action: 'send' }>,
    { connection, may, push }: Asker,
  ) {
    assertMaySend(target, may);
    const { userId } = connection.principal;
    return push.send({ ...options, target, event, data: payload, by: userId, report: { withinMs: REPORT_MS } });
  }

  /** The node that the page is connected to drains once the answer is queued, else none would come. */
  private drain(node: string, { connection, may }: Asker): Promise<ConsoleAnswer> {
    if (!may.drain) throw new Refused(ErrorCode.Forbidden, 'a node is not of one tenant');
    return this.within(connection, async ({ view, clusterView }) => {
      const after = view.drainOf(node);
      const isFound = after !== undefined || (await clusterView.drainOther(node));
      if (!isFound) throw new Refused(ErrorCode.InvalidData, 'no node of this name has answered');
      return { type: 'ok', data: { node }, after };
    });
  }

  private async within<Result>(
    { principal }: Connection,
    action: (space: TenantSpace) => Promise<Result>,
  ): Promise<Result> {
    const space = this.parts.spaces.enter(principal.tenant);
    try {
      return await action(space);
    } finally {
      space.leave();
    }
  }

  private feedOf(tenant: string | undefined): ConsoleFeed {
    const known = this.feeds.get(tenant);
    if (known) return known;
    const { clock, onFailure, spaces } = this.parts;
    const space = spaces.enter(tenant);
    const onEnd = () => {
      this.feeds.delete(tenant);
      space.leave();
    };
    const mayLook = (connection: Connection) => this.rightsOf(connection) !== undefined;
    const feed = new ConsoleFeed({ space, clock, onFailure, mayLook, onEnd });
    this.feeds.set(tenant, feed);
    return feed;
  }
}

function assertMaySend(target: Target, may: ConsoleSession['may']): void {
  const needed = target.all ? 'broadcast' : 'send';
  if (!may[needed]) throw new Refused(ErrorCode.Forbidden, `the scope push:${needed} is needed`);
}

function refused(code: ErrorCode, detail: string): ConsoleAnswer {
  return { type: 'refused', code, detail };
}
