/** Whose queue it is. */
export interface QueueOwner {
  /** The reader is too slow for a message for everyone: its connection ends. */
  tooSlow(): void;
}
