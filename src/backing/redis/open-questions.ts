import type { Cancel, Clock } from '../../core/clock.js';
import type { NodeAnswers, Question } from '../node-link.interface.js';

/** The questions of this node that still wait for answers. */
export class OpenQuestions {
  private readonly open = new Map<string, OpenQuestion>();

  constructor(private readonly clock: Clock) {}

  get size(): number {
    return this.open.size;
  }

  /** Opens a question under the id of its frame, before the frame is sent: an answer may come before the send returns. */
  begin(id: string, question: Question): OpenQuestion {
    const opened = new OpenQuestion(question, this.clock, () => this.open.delete(id));
    this.open.set(id, opened);
    return opened;
  }

  /** A node's answer to the question of this id; undefined where it has none to give. Nothing happens if it is too late. */
  answered(id: string, nodeId: string, answer: { readonly answer: unknown } | undefined): void {
    this.open.get(id)?.answered(nodeId, answer);
  }

  /** No more answers can come: each question has to do with what is there. */
  endAll(): void {
    for (const question of this.open.values()) question.end();
  }

  /** No answers can come for a while: questions that wait for nodes that are cut off go on, for this one is, too. */
  interrupt(): void {
    for (const question of this.open.values()) if (!question.waitsForCutOff) question.end();
  }
}

/** One question: who is to answer, who has, and what. */
export class OpenQuestion {
  /** Resolves when the question is over. */
  readonly outcome: Promise<NodeAnswers>;
  private readonly answers: unknown[] = [];
  private readonly heardFrom = new Set<string>();
  private asked: ReadonlySet<string> | undefined;
  private listeners = Number.POSITIVE_INFINITY;
  private hasFailed = false;
  private isEnough = false;
  private resolve: (outcome: NodeAnswers) => void = () => {};
  private readonly cancel: Cancel;

  constructor(
    private readonly question: Question,
    clock: Clock,
    private readonly onEnd: () => void,
  ) {
    this.outcome = new Promise((resolve) => (this.resolve = resolve));
    this.cancel = clock.after(question.withinMs, () => this.end());
  }

  get waitsForCutOff(): boolean {
    return this.question.waitsForCutOff ?? false;
  }

  /**
   * The frame is on its way: these nodes are alive, and so many are listening. The two differ while a node that died
   * still has its lease, or one that is cut off: neither can answer now, and only who is told to waits for it.
   */
  sent(asked: ReadonlySet<string>, listeners: number): void {
    this.asked = asked;
    if (!this.waitsForCutOff) this.listeners = listeners;
    this.endIfComplete();
  }

  answered(nodeId: string, answer: { readonly answer: unknown } | undefined): void {
    if (this.heardFrom.has(nodeId)) return;
    this.heardFrom.add(nodeId);
    if (answer) {
      this.answers.push(answer.answer);
      this.isEnough ||= this.question.isEnough?.(answer.answer) ?? false;
    } else {
      this.hasFailed = true;
    }
    this.endIfComplete();
  }

  end(): void {
    this.cancel();
    this.onEnd();
    this.resolve({ answers: this.answers, isPartial: !this.isEnough && (this.hasFailed || !this.hasHeardAll()) });
  }

  private endIfComplete(): void {
    if (this.isEnough || this.hasHeardAll() || this.heardFrom.size >= this.listeners) this.end();
  }

  private hasHeardAll(): boolean {
    if (!this.asked) return false;
    for (const nodeId of this.asked) if (!this.heardFrom.has(nodeId)) return false;
    return true;
  }
}
