/**
 * What became of a message: it waits for its flush, it was left out because the reader is slow and its event allows
 * that, its time is over, the reader is too slow, or the connection is closed.
 */
export type EnqueueVerdict = 'queued' | 'skipped' | 'expired' | 'overflow' | 'closed';
