import { eventuallyDefined } from '../support/eventually.js';

/** One frame as it came. */
export type Frame = Readonly<Record<string, unknown>> & { readonly event: string; readonly data?: unknown };

/** Reads one envelope. */
export function frameOf(text: string): Frame {
  return JSON.parse(text) as Frame;
}

/** A member of a frame's `data`. */
export function dataOf(frame: Frame | undefined, name: string): unknown {
  return (frame?.data as Readonly<Record<string, unknown>> | undefined)?.[name];
}

/** Frames that have come and that nobody has looked at yet, oldest first. */
export class FrameInbox {
  readonly frames: Frame[] = [];

  get events(): readonly string[] {
    return this.frames.map(({ event }) => event);
  }

  /** The first frame of this kind, taken out; those before it stay. */
  take(isWanted: (frame: Frame) => boolean, what: string, timeoutMs = 5_000): Promise<Frame> {
    const find = () => {
      const index = this.frames.findIndex(isWanted);
      return index === -1 ? undefined : this.frames.splice(index, 1)[0];
    };
    return eventuallyDefined(find, { what: `${what} among ${JSON.stringify(this.frames)}`, timeoutMs });
  }

  next(event: string, timeoutMs?: number): Promise<Frame> {
    return this.take((frame) => frame.event === event, event, timeoutMs);
  }
}
