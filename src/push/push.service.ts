/**
 * What an application sends with: everyone, users, groups, connections; also who is connected, the memberships that the
 * server holds, and the end of connections and tokens.
 *
 * A send is synchronous up to the queues of its recipients and resolves when its first slice has been flushed; a large
 * fan-out goes on after that. Works in an application context without an HTTP server, where nobody is connected.
 * Every method rejects with a PushError that lists each problem of its input. A send names its event by its name, by the
 * class with `@PushEvent()`, or by its declaration; with the latter two the compiler knows the data.
 *
 * Whatever is said here is about one tenant: the one that is injected speaks for the default tenant, `forTenant` gives the
 * same for another. "Everyone" is everyone of that tenant.
 */
import type { Clock } from '../core/clock.js';
import type { Target } from '../core/delivery-target.js';
import type { ConnectionInfo } from '../protocol/connection-info.js';
import { encodeCursor } from '../protocol/cursor.js';
import type { EventName } from '../protocol/push-events.js';
import { closing, closingProblems } from './closing.js';
import { cursorProblems, DEFAULT_PAGE_LIMIT, filterProblems, limitProblems } from './connection-directory.js';
import { eventNameOf } from './events/event-ref.js';
import type { EventRef } from './events/event-ref.js';
import type { OutgoingCheck } from './events/outgoing-check.js';
import { fingerprintOf } from './idempotency.service.js';
import { membersCursorOf, membersCursorProblems, readMembersCursor } from './members-page.js';
import type { MessageDraft } from './message-stamper.js';
import { announce } from './node-questions.js';
import type * as Push from './push-types.js';
import type { RevocationService } from './revocation.service.js';
import { SEND_ONCE, onceIdOf } from './send-once.js';
import type { SendOnce } from './send-once.js';
import {
  assertSendable,
  assertTenant,
  assertUserId,
  assertUserIds,
  encodeData,
  groupProblems,
  readMembershipEnd,
  throwIfAny,
  userIdProblems,
} from './send-validation.js';
import type { SendLimits } from './send-validation.js';
import type { TenantSpace } from './tenant-space.js';
import type { TenantSpaces } from './tenant-spaces.js';

/** What PushService works with. */
export interface PushServiceParts {
  readonly spaces: Pick<TenantSpaces, 'home' | 'enter'>;
  /** Whom it speaks for; undefined for the default tenant. */
  readonly tenant: string | undefined;
  /** Makes the same for another tenant. */
  readonly create: (tenant: string | undefined) => PushService;
  readonly revocations: RevocationService;
  readonly clock: Clock;
  readonly limits: Required<SendLimits>;
  /** Where there is none, data is sent as it comes. */
  readonly outgoing: OutgoingCheck | undefined;
}

/** Under which keys of PushService itself are kept, apart from those of REST callers. */
const IDEMPOTENCY_SCOPE = 'PushService';

type OneOrMore = string | readonly string[];

/** Sends to live connections and says who they are. Inject it anywhere. */
export class PushService {
  constructor(protected readonly parts: PushServiceParts) {}

  /** Whom it speaks for; undefined for the default tenant. */
  get tenant(): string | undefined {
    return this.parts.tenant;
  }

  /**
   * The same for another tenant, as a principal names it: undefined is the default tenant. Costs next to nothing and can be
   * kept. Throws a PushError where this is no name of a tenant.
   */
  forTenant(tenant: string | undefined): PushService {
    if (tenant === this.parts.tenant) return this;
    if (tenant !== undefined) assertTenant(tenant);
    return this.parts.create(tenant);
  }

  /** Sends to everyone. */
  broadcast<Event extends EventRef>(event: Event, ...message: Push.SendArguments<Event>): Promise<Push.PushReceipt>;
  broadcast(event: EventRef, data?: unknown, options?: Push.SendOptions): Promise<Push.PushReceipt> {
    return this.deliver({ all: true }, event, data, options);
  }

  /** Sends to every connection of the user or users, on all devices and transports. */
  toUser<Event extends EventRef>(
    userIds: OneOrMore,
    event: Event,
    ...message: Push.SendArguments<Event>
  ): Promise<Push.PushReceipt>;
  toUser(userIds: OneOrMore, event: EventRef, data?: unknown, options?: Push.SendOptions): Promise<Push.PushReceipt> {
    return this.deliver({ users: asList(userIds) }, event, data, options);
  }

  /** Sends to every connection that is in the group or in one of the groups. */
  toGroup<Event extends EventRef>(
    groups: OneOrMore,
    event: Event,
    ...message: Push.SendArguments<Event>
  ): Promise<Push.PushReceipt>;
  toGroup(groups: OneOrMore, event: EventRef, data?: unknown, options?: Push.SendOptions): Promise<Push.PushReceipt> {
    return this.deliver({ groups: asList(groups) }, event, data, options);
  }

  /** Sends to one connection. */
  toConnection<Event extends EventRef>(
    connectionId: string,
    event: Event,
    ...message: Push.SendArguments<Event>
  ): Promise<Push.PushReceipt>;
  toConnection(
    connectionId: string,
    event: EventRef,
    data?: unknown,
    options?: Push.SendOptions,
  ): Promise<Push.PushReceipt> {
    return this.deliver({ connections: [connectionId] }, event, data, options);
  }

  /** Sends to whom the target names, each connection once. */
  send<Event extends EventRef = EventName>(request: Push.SendRequest<Event>): Promise<Push.PushReceipt> {
    // A caller without types may hand in nothing, which is refused like any other message without a target.
    const { target, event, data, ...options } = request ?? {};
    return this.deliver(target, event, data, options);
  }

  /** Makes the user a member, on live connections at once and on later ones. `expiresAt`: a date, ISO text or milliseconds since the Unix epoch. */
  async addToGroup(userId: string, group: string, options: Push.MembershipOptions = {}): Promise<void> {
    const expiresAtMs = readMembershipEnd(userId, group, options, this.parts.clock.now());
    await this.within(async (space) => {
      const { since, revision, joined } = await space.groups.hold(userId, group, expiresAtMs);
      const told = announce(space, 'held', { userId, group, expiresAtMs, since: encodeCursor(since), revision });
      await Promise.all([told, joined]);
    });
  }

  /** Ends the membership; the user's connections leave unless their token names the group. */
  async removeFromGroup(userId: string, group: string): Promise<void> {
    throwIfAny([...userIdProblems(userId), ...groupProblems(group)]);
    await this.within(async (space) => {
      const revision = await space.groups.release(userId, group);
      await announce(space, 'released', { userId, group, revision });
    });
  }

  /** The groups that the server holds the user in. */
  async groupsOf(userId: string): Promise<readonly string[]> {
    assertUserId(userId);
    const { held } = await this.within(async ({ memberships }) => memberships.ofUser(userId));
    return held.map(({ group }) => group);
  }

  /** The members that the server holds in the group, in the order of their ids. */
  async membersOf(group: string, page: Push.PageRequest = {}): Promise<Push.Page<Push.Membership>> {
    throwIfAny([...groupProblems(group), ...limitProblems(page), ...membersCursorProblems(page.cursor)]);
    const { limit = DEFAULT_PAGE_LIMIT } = page;
    const after = readMembersCursor(page.cursor);
    const found = await this.within(({ memberships }) => memberships.ofGroup(group, after, limit + 1));
    const items = found.slice(0, limit);
    const last = items.at(-1);
    return {
      items: items.map(({ userId, expiresAtMs }) => ({
        userId,
        ...(expiresAtMs !== undefined && { expiresAt: new Date(expiresAtMs).toISOString() }),
      })),
      cursor: found.length > limit && last ? membersCursorOf(last.userId) : null,
    };
  }

  /** Whether the user has a connection. */
  async isOnline(userId: string): Promise<boolean> {
    assertUserId(userId);
    return this.within(({ cluster }) => cluster.isOnline(userId));
  }

  /** Who of these users is connected, in the order given. */
  async presence(userIds: readonly string[]): Promise<readonly Push.Presence[]> {
    assertUserIds(userIds);
    return this.within(({ cluster }) => cluster.presence(userIds));
  }

  /** Live connections, oldest first. A filter with a member of another name is refused. */
  async connections(
    filter: Push.ConnectionFilter = {},
    page: Push.PageRequest = {},
  ): Promise<Push.Page<ConnectionInfo>> {
    throwIfAny([...filterProblems(filter), ...limitProblems(page), ...cursorProblems(page)]);
    return this.within(({ cluster }) => cluster.list(filter, page));
  }

  /** Closes the connections that match the filter, which must not be empty and has no members of other names. */
  async disconnect(
    filter: Push.ConnectionFilter,
    options: Push.DisconnectOptions = {},
  ): Promise<Push.DisconnectOutcome> {
    const wrong = filterProblems(filter);
    const isEmpty = wrong.length === 0 && (filter.user ?? filter.group ?? filter.connection) === undefined;
    const order = closing(options);
    throwIfAny([
      ...(isEmpty ? [{ pointer: '', detail: 'names nobody: user, group or connection' }] : []),
      ...wrong,
      ...closingProblems(options, order.code, order.reason),
    ]);
    return this.within(({ cluster }) => cluster.disconnect(filter, { ...order, by: options.by }));
  }

  /** Ends tokens: live connections that came with one close with 4501, and it opens no new ones. */
  async revoke(revocation: Push.Revocation): Promise<void> {
    await this.within((space) => this.parts.revocations.revoke(revocation, space));
  }

  /** Counts of now. */
  async stats(): Promise<Push.PushStats> {
    return this.within(({ cluster }) => cluster.stats());
  }

  /** What every send comes down to. */
  private deliver(
    target: Target,
    event: EventRef,
    data: unknown,
    options: Push.SendOptions = {},
  ): Promise<Push.PushReceipt> {
    // No async function: what one holds until its end adds up where a thousand sends are under way.
    try {
      return this.publish(target, eventNameOf(event), data, options).catch(this.fail);
    } catch (cause) {
      return Promise.reject(cause as Error).catch(this.fail);
    }
  }

  private readonly fail = (cause: unknown): never => {
    this.parts.spaces.home.publisher.recordFailure(cause);
    throw cause;
  };

  /** Throws at once what is wrong with the message; what it is given is taken as it is now, and may be changed afterwards. */
  protected publish(
    target: Target,
    event: string,
    data: unknown,
    options: Push.SendOptions,
  ): Promise<Push.PushReceipt> {
    assertSendable(target, event, options);
    const dataText = encodeData(data, this.parts.limits.maxPayloadBytes);
    this.parts.outgoing?.assert(event, dataText);
    const { store, ttlSeconds, collapseKey, by, report } = options;
    const { [SEND_ONCE]: onceId } = options as SendOnce;
    const draft = { event, dataText, store, ttlSeconds, collapseKey, by, onceId };
    return options.idempotencyKey === undefined
      ? this.within(({ publisher }) => publisher.publish(target, draft, reportDeadlineMs(report)))
      : this.publishOnce(target, draft, options, options.idempotencyKey);
  }

  private async publishOnce(
    target: Target,
    draft: MessageDraft,
    { by: _by, ...options }: Push.SendOptions,
    key: string,
  ): Promise<Push.PushReceipt> {
    const fingerprint = fingerprintOf([target, draft.event, draft.dataText, options]);
    const once = { scope: IDEMPOTENCY_SCOPE, key, fingerprint };
    const { answer, isReplay } = await this.within(({ idempotency, publisher }) =>
      idempotency.run(once, (claim) =>
        publisher.publish(target, { ...draft, onceId: onceIdOf(claim) }, reportDeadlineMs(options.report)),
      ),
    );
    if (!isReplay) return answer;
    this.parts.spaces.home.publisher.recordDuplicate();
    return { ...answer, duplicate: true };
  }

  /** Does something in the tenant's space, which is kept meanwhile. That of the default tenant is always there. */
  private within<Result>(action: (space: TenantSpace) => Promise<Result>): Promise<Result> {
    const { spaces, tenant } = this.parts;
    if (tenant === undefined) return action(spaces.home);
    const space = spaces.enter(tenant);
    return action(space).finally(() => space.leave());
  }
}

/** How long a send that asks for a report waits for slow connections, where it does not say. */
const DEFAULT_REPORT_MS = 2_000;
const MAX_REPORT_MS = 30_000;

function reportDeadlineMs(report: Push.SendOptions['report']): number | undefined {
  if (report === undefined || report === false) return undefined;
  return report === true ? DEFAULT_REPORT_MS : Math.min(report.withinMs, MAX_REPORT_MS);
}

function asList(value: OneOrMore): readonly string[] {
  return typeof value === 'string' ? [value] : value;
}
