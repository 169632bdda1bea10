import type { Publication, RecipientEvent, RecipientLog } from './history.js';

/** One arrival of a message, with what the recipient knew of its session. */
export interface Reception {
  readonly key: string;
  readonly id: string;
  readonly at: number;
  /** Undefined when nobody published it. */
  readonly publication: Publication | undefined;
  /** When the recipient asked for the session in which it arrived. */
  readonly sessionStartedAt: number;
  /** Whether that session began with a cursor. */
  readonly isResuming: boolean;
}

/** A gap that was told. */
export interface ToldGap {
  readonly at: number;
  /** The latest that any kept message received before was published: what is older was not lost to this gap. */
  readonly newestBefore: number;
}

/** What a recipient's log says, sorted out. */
export interface RecipientView {
  readonly log: RecipientLog;
  readonly receptions: readonly Reception[];
  readonly gaps: readonly ToldGap[];
  readonly garbled: readonly string[];
  /** From then on it had a place in the log, and nothing may be missing; Infinity when it never got one. */
  readonly placedAt: number;
  readonly connectionIds: ReadonlySet<string>;
  readonly sessions: number;
}

type Connecting = Extract<RecipientEvent, { type: 'connecting' }>;

/** Reads a recipient's log from its beginning to its end. */
export function viewOf(log: RecipientLog, publications: ReadonlyMap<string, Publication>): RecipientView {
  const receptions: Reception[] = [];
  const gaps: ToldGap[] = [];
  const garbled: string[] = [];
  const connectionIds = new Set<string>();
  let session: Connecting | undefined;
  let sessions = 0;
  let placedAt = Infinity;
  let newest = -Infinity;
  for (const event of log.events) {
    switch (event.type) {
      case 'connecting':
        session = event;
        sessions++;
        break;
      case 'welcome':
        placedAt = Math.min(placedAt, event.at);
        if (event.connectionId !== undefined) connectionIds.add(event.connectionId);
        break;
      case 'message': {
        const publication = publications.get(event.key);
        if (publication?.isStored) newest = Math.max(newest, publication.startedAt);
        receptions.push({
          key: event.key,
          id: event.id,
          at: event.at,
          publication,
          sessionStartedAt: session?.at ?? -Infinity,
          isResuming: session?.cursor !== undefined,
        });
        break;
      }
      case 'gap':
        gaps.push({ at: event.at, newestBefore: newest });
        break;
      case 'garbled':
        garbled.push(event.detail);
        break;
      case 'closed':
        break;
    }
  }
  return { log, receptions, gaps, garbled, placedAt, connectionIds, sessions };
}
