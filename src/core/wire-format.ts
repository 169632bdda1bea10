/** What of a message goes over the wire. */
export interface MessageText {
  /** Envelope text, JSON. */
  readonly text: string;
  /** Size of the text in bytes. */
  readonly byteLength: number;
  /** The place after the message, if it has one. */
  readonly cursor: string | undefined;
  /** Its number in its partition of the log; 0 where it is not kept. */
  readonly number: number;
  readonly partition: number;
  /** From when on nobody is to get it any more, by `performance.now()`; absent where that never comes. */
  readonly endsAtMs?: number | undefined;
}

/** How a message looks on one kind of transport. There is one object per kind. */
export interface WireFormat {
  /** The message as it goes over the wire. Called at most once per message and format. */
  encode(message: MessageText): Buffer;
}
