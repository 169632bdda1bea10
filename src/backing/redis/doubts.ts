import { PushError } from '../../core/push-error.js';
import type { FollowedChannel } from './followed-channel.js';

/** So many in a row are no passing trouble, such as a slot that is being moved. */
const MANY_REFUSALS = 5;

/** Whether messages still come over a line, and all of them on these channels. One asks at a time, for all who doubt. */
export class Doubts {
  private readonly channels = new Set<FollowedChannel>();
  private isAsking = false;
  private refusals = 0;

  constructor(
    /** Resolves when what was asked for has come over the line. */
    private readonly ask: (channel: FollowedChannel | undefined) => Promise<void>,
    private readonly onSilence: () => void,
  ) {}

  /** Asks soon: of the channel, or only whether anything comes. */
  raise(channel?: FollowedChannel): void {
    if (channel) this.channels.add(channel);
    if (!this.isAsking) void this.askAll();
  }

  /** Has `doubt` called where too many answers in a row are refusals. Resolves and rejects as the answer does. */
  async watch<Answer>(answer: Promise<Answer>, doubt: () => void): Promise<Answer> {
    try {
      const said = await answer;
      this.refusals = 0;
      return said;
    } catch (cause) {
      if (cause instanceof PushError && cause.isRefusal && ++this.refusals % MANY_REFUSALS === 0) doubt();
      throw cause;
    }
  }

  /** There is nothing to ask any more. */
  clear(): void {
    this.channels.clear();
  }

  private async askAll(): Promise<void> {
    this.isAsking = true;
    try {
      do {
        const asked = this.channels.size === 0 ? [undefined] : [...this.channels];
        this.channels.clear();
        await Promise.all(asked.map((channel) => this.ask(channel)));
      } while (this.channels.size > 0);
    } catch {
      this.onSilence();
    } finally {
      this.isAsking = false;
    }
  }
}
