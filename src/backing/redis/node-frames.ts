/** The bodies of the frames between nodes, and the reading of them. */

interface AnyFrame {
  /** Of this frame alone, so that it is carried out once. */
  readonly id: string;
  /** The node that says it. */
  readonly from: string;
  /** When it was said, milliseconds by the clock of Redis. */
  readonly atMs: number;
}

/** Something to carry out; `ask` wants an answer. */
export interface RequestFrame extends AnyFrame {
  readonly type: 'ask' | 'tell';
  readonly operation: string;
  readonly payload: unknown;
}

/** What became of an `ask`. */
export interface AnswerFrame extends AnyFrame {
  readonly type: 'answer';
  /** The id of the frame that asked. */
  readonly to: string;
  readonly answer: unknown;
  /** The node could not carry it out; `answer` says nothing. */
  readonly hasFailed: boolean;
}

/** The set of nodes has changed: the sender has come or goes. */
export interface RosterFrame extends AnyFrame {
  readonly type: 'roster';
}

export type NodeFrame = RequestFrame | AnswerFrame | RosterFrame;

/** Whether there is something to carry out. */
export function isRequest(frame: NodeFrame): frame is RequestFrame {
  return frame.type === 'ask' || frame.type === 'tell';
}

/** Reads the body of a frame whose seal was good. Undefined for a kind of frame that this version does not know. */
export function readNodeFrame(body: string): NodeFrame | undefined {
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  const frame = value as Partial<Record<string, unknown>>;
  if (typeof frame['id'] !== 'string' || typeof frame['from'] !== 'string') return undefined;
  if (typeof frame['atMs'] !== 'number') return undefined;
  return isKnown(frame) ? (value as NodeFrame) : undefined;
}

function isKnown({ type, operation, to, hasFailed }: Partial<Record<string, unknown>>): boolean {
  if (type === 'ask' || type === 'tell') return typeof operation === 'string';
  if (type === 'answer') return typeof to === 'string' && typeof hasFailed === 'boolean';
  return type === 'roster';
}
