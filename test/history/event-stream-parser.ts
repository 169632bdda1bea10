import { StringDecoder } from 'node:string_decoder';

/** One event of an event stream. */
export interface StreamEvent {
  readonly data: string;
  /** Undefined where the event had no `id` line. */
  readonly id: string | undefined;
}

/** Reads an event stream as the standard says (HTML, section 9.2.6); what was begun and not ended is never given out. */
export class EventStreamParser {
  private readonly decoder = new StringDecoder('utf8');
  private rest = '';
  private data: string[] = [];
  private id: string | undefined;

  constructor(private readonly onEvent: (event: StreamEvent) => void) {}

  push(chunk: Buffer): void {
    const lines = (this.rest + this.decoder.write(chunk)).split('\n');
    this.rest = lines.pop() ?? '';
    for (const line of lines) this.take(line.endsWith('\r') ? line.slice(0, -1) : line);
  }

  private take(line: string): void {
    if (line === '') {
      if (this.data.length > 0) this.onEvent({ data: this.data.join('\n'), id: this.id });
      this.data = [];
      this.id = undefined;
      return;
    }
    const colon = line.indexOf(':');
    const field = colon === -1 ? line : line.slice(0, colon);
    const value = colon === -1 ? '' : line.slice(colon + 1).replace(/^ /, '');
    if (field === 'data') this.data.push(value);
    if (field === 'id') this.id = value;
  }
}
