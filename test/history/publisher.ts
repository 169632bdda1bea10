/**
 * Publishers hand in messages for ever changing targets, steadily and in bursts, and note of each what they know: the
 * time, the target, and the receipt.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Target } from '../../src/core/delivery-target.js';
import type { PushService } from '../../src/push/push.service.js';
import type { RestClient } from '../support/rest-client.js';
import { historyNow } from './history.js';
import type { Publication } from './history.js';
import type { SeededRandom } from './seeded-random.js';

/** One message before it is handed in. */
export interface Draft {
  readonly target: Target;
  readonly store?: 'none' | 'history';
  readonly ttlSeconds?: number;
  readonly collapseKey?: string;
}

/** Hands a message to the server and answers its id; undefined when it was refused. Rejects when nobody answered. */
export type Send = (draft: Draft, data: MessageData) => Promise<string | undefined>;

/** Answers that leave open whether the message was sent: the same key is in progress, or the log has not answered. */
const IS_UNKNOWN: ReadonlySet<number> = new Set([409, 504]);

/** What messages carry: the publisher's name for them, and ballast. */
export interface MessageData {
  readonly key: string;
  readonly ballast: string;
}

/** Whom the messages of a publisher are for. */
export interface Addressees {
  readonly users: readonly [string, ...string[]];
  readonly groups: readonly [string, ...string[]];
}

/** Sends by PushService in this process. */
export function sendBy(push: () => PushService): Send {
  return async (draft, data) => (await push().send({ event: 'note', data, ...draft })).id;
}

/** Sends by REST, by the shortest route that a target has. */
export function sendByRest(rest: RestClient, headers?: Readonly<Record<string, string>>): Send {
  return async ({ target, ...options }, data) => {
    const path = shortRouteTo(target);
    const body = { event: 'note', data, ...options, ...(path === undefined && { target }) };
    const answer = await rest.post(path ?? '/push/messages', body, headers);
    if (IS_UNKNOWN.has(answer.status)) throw new Error(`nobody knows: ${answer.text}`);
    return answer.status === 202 ? (answer.json['id'] as string) : undefined;
  };
}

/** Sends by REST over a line that breaks, again and again with the same key, until an answer comes through. */
export function sendUntilAnswered(rest: RestClient): Send {
  return async (draft, data) => {
    const send = sendByRest(rest, { 'idempotency-key': data.key });
    for (;;) {
      try {
        return await send(draft, data);
      } catch {
        // The message may have been sent or not: only the same key tells.
        await sleep(1);
      }
    }
  };
}

/** The route for everyone, one user or one group; undefined where the target is more than that. */
function shortRouteTo(target: Target): string | undefined {
  if (target.except) return undefined;
  if (target.all) return '/push/broadcast';
  const { users = [], groups = [] } = target;
  if (users.length + groups.length !== 1) return undefined;
  return users.length === 1 ? `/push/users/${users[0]}` : `/push/groups/${groups[0]}`;
}

/** What a message carries, where it is not drawn. */
export interface Wrapping {
  readonly key?: string;
  readonly ballastBytes?: number;
}

/** Publishes and notes what it published. */
export class HistoryPublisher {
  readonly publications: Publication[] = [];

  constructor(
    readonly name: string,
    private readonly send: Send,
    private readonly random: SeededRandom,
  ) {}

  /** Hands in one message. */
  async publish(draft: Draft, { key = this.nextKey(), ballastBytes = ballastOf(this.random) }: Wrapping = {}) {
    const { target, store, ttlSeconds, collapseKey } = draft;
    const startedAt = historyNow();
    const place = this.publications.length;
    const known = {
      key,
      target,
      collapseKey,
      isStored: store !== 'none',
      ttlMs: ttlSeconds === undefined ? undefined : ttlSeconds * 1_000,
      startedAt,
    };
    this.publications.push({ ...known, outcome: 'unknown', finishedAt: Infinity });
    try {
      const id = await this.send(draft, { key, ballast: 'x'.repeat(ballastBytes) });
      const outcome = id === undefined ? 'refused' : 'accepted';
      this.publications[place] = { ...known, id, outcome, finishedAt: historyNow() };
    } catch {
      // Nobody answered, so nobody knows: it stays as it was noted.
    }
  }

  private nextKey(): string {
    return `${this.name}-${this.publications.length}`;
  }

  /** Publishes that many messages, most of them one by one, some in bursts. */
  async run(count: number, addressees: Addressees): Promise<void> {
    const last = this.publications.length + count;
    while (this.publications.length < last) {
      const burst = this.random.chance(0.08) ? this.random.between(5, 20) : 1;
      const drafts = Array.from({ length: burst }, () => drawDraft(this.random, addressees));
      await Promise.all(drafts.map((draft) => this.publish(draft)));
      await sleep(this.random.between(1, 4));
    }
  }
}

/** Most messages are short; some are longer than a segment, a few longer than what a socket takes at once. */
function ballastOf(random: SeededRandom): number {
  if (random.chance(0.02)) return random.between(20_000, 60_000);
  return random.chance(0.3) ? random.between(500, 3_000) : random.between(0, 100);
}

function drawDraft(random: SeededRandom, addressees: Addressees): Draft {
  const target = drawTarget(random, addressees);
  const lot = random.fraction();
  if (lot < 0.06) return { target, store: 'none' };
  if (lot < 0.12) return { target, ttlSeconds: random.pick([1, 60]) };
  if (lot < 0.18) return { target, collapseKey: random.pick(['price', 'weather']) };
  return { target };
}

function drawTarget(random: SeededRandom, { users, groups }: Addressees): Target {
  const lot = random.fraction();
  if (lot < 0.3) return { all: true };
  if (lot < 0.6) return { users: [random.pick(users)] };
  if (lot < 0.8) return { groups: [random.pick(groups)] };
  if (lot < 0.9) return { users: [random.pick(users), random.pick(users)], groups: [random.pick(groups)] };
  if (lot < 0.95) return { all: true, except: { users: [random.pick(users)] } };
  return { all: true, except: { groups: [random.pick(groups)] } };
}
