import type { Target } from '../../src/core/delivery-target.js';
import { OutgoingMessage } from '../../src/core/outgoing-message.js';
import type { Principal } from '../../src/core/principal.js';
import type { Envelope } from '../../src/protocol/frames.js';
import type { Admission } from '../../src/push/admission.js';
import type { PollAnswer } from '../../src/push/open-poll.js';
import { Hearing } from '../../src/push/hearing.js';
import { PollService } from '../../src/push/poll.service.js';
import type { PollHandle } from '../../src/push/poll.service.js';
import { FakeConnections } from './fake-connections.js';
import { FakeSessions, SESSION_OPTIONS } from './fake-sessions.js';
import { cursorAt, ScriptedLog } from './scripted-log.js';

/** Polls of user 7 without sockets, under a clock that stands still, with a log that answers when it is told to. */
export class FakePolls {
  static readonly WAIT_MS = 25_000;
  static readonly MAX_QUEUE_BYTES = 20_000;

  readonly fakes = new FakeConnections();
  readonly log = new ScriptedLog();
  readonly sessions = new FakeSessions(this.fakes, this.log);
  /** All answers, oldest first. */
  readonly answers: PollAnswer[] = [];
  readonly failures: unknown[] = [];
  private readonly service = new PollService({
    sessions: this.sessions.sessions,
    registry: this.fakes.registry,
    log: this.log,
    hearing: new Hearing({ log: this.log, registry: this.fakes.registry }),
    clock: this.fakes.clock,
    options: {
      ...SESSION_OPTIONS,
      maxQueueBytes: FakePolls.MAX_QUEUE_BYTES,
      maxTotalQueueBytes: 1_000_000,
      flushWindowMs: 0,
    },
    onFailure: (cause) => void this.failures.push(cause),
  });

  open(rest: Partial<Admission> = {}, waitMs = FakePolls.WAIT_MS, principal: Partial<Principal> = {}): PollHandle {
    return this.service.open(this.sessions.admission(principal, rest), waitMs, (answer) => this.answers.push(answer));
  }

  /** Comes back with the place after so many messages. */
  comeBack(number: number, waitMs?: number): PollHandle {
    return this.open({ cursor: cursorAt(number) }, waitMs);
  }

  /** Connections that messages reach, and those whose pipe is open. */
  get connectionCounts(): readonly number[] {
    return [this.fakes.registry.size, this.fakes.registry.pipeCount];
  }

  deliver(number: number, padding = 0, endsAtMs?: number): OutgoingMessage {
    const cursor = cursorAt(number);
    const text = JSON.stringify({ event: `m${number}`, data: 'x'.repeat(padding), cursor });
    return this.deliverMessage(new OutgoingMessage(text, cursor, number, 0, undefined, endsAtMs));
  }

  /** A message that is not kept, sent when the log stood at this number. */
  deliverFleeting(event: string, number: number): OutgoingMessage {
    const cursor = cursorAt(number);
    return this.deliverMessage(new OutgoingMessage(JSON.stringify({ event, data: '', cursor }), cursor));
  }

  /** The answers with the events for the envelopes. */
  told(): unknown[] {
    return this.answers.map((answer) => {
      if (answer.type !== 'messages') return answer;
      const { messages, cursor, more } = answer;
      return { events: messages.map((text) => (JSON.parse(text) as Envelope).event), cursor, more };
    });
  }

  private deliverMessage(message: OutgoingMessage): OutgoingMessage {
    const everyone: Target = { all: true };
    this.fakes.fanOut.deliver(message, everyone);
    return message;
  }
}
