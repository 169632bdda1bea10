import type { TicketStore } from '../../backing/ticket-store.interface.js';
import { PushError } from '../../core/push-error.js';
import { retryAfter } from '../../core/problem.js';
import { Refusals } from '../../push/refusal.js';
import type { Refusal } from '../../push/refusal.js';
import { answerJson, answerProblem } from '../http-answer.js';
import type { HttpRoute } from '../http-entrance.js';

/** What the route works with. */
export interface TicketRouteParts {
  readonly tickets: TicketStore;
  /** How long a ticket can be redeemed. */
  readonly ttlSeconds: number;
  /** Hears of stores that failed. */
  readonly onFailure: (cause: unknown) => void;
}

/** Gives the bearer of a token a ticket, good once, for requests that can carry no header. */
export function ticketRoute(path: string, { tickets, ttlSeconds, onFailure }: TicketRouteParts): HttpRoute {
  return {
    method: 'POST',
    path,
    purpose: 'call',
    enter: ({ response }, { principal }) => {
      const issued = (ticket: string) => answerJson(response, 200, JSON.stringify({ ticket, expiresIn: ttlSeconds }));
      const failed = (cause: unknown) => {
        if (!(cause instanceof PushError)) onFailure(cause);
        answerProblem(response, refusalOf(cause));
      };
      void tickets.issue(principal).then(issued).catch(failed);
    },
  };
}

function refusalOf(cause: unknown): Refusal {
  const refusal = Refusals.unavailable('no ticket can be issued now');
  const waitMs = cause instanceof PushError ? cause.retryAfterMs : undefined;
  return waitMs === undefined ? refusal : { ...refusal, headers: retryAfter(waitMs) };
}
