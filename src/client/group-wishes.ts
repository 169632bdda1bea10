import type { ErrorData } from '../protocol/frames.js';

/** Longest `?groups=`: with the token it has to fit what servers and proxies take as a request's head. */
const MAX_QUERY_LENGTH = 4000;

/** The groups that the application wants to be in, on this connection and on every later one. */
export class GroupWishes extends Set<string> {
  /** As many as fit an address, separated by commas. */
  toQuery(): string {
    const all = [...this].join(',');
    return all.length > MAX_QUERY_LENGTH ? all.slice(0, all.lastIndexOf(',', MAX_QUERY_LENGTH)) : all;
  }

  /** Takes back what the server has refused: the name stands as a word of its own in the detail of the error. */
  refuse({ detail }: ErrorData): void {
    for (const word of detail.split(' ')) this.delete(word);
  }
}
