import type { WireFormat } from './wire-format.js';

/**
 * What is made once for each wire format. Most messages leave in one format alone, so that one has a place of its own, and
 * there is a list only when there is a second.
 */
export class PerFormat<Made> {
  private format: WireFormat | undefined = undefined;
  private made: Made | undefined = undefined;
  private others: Map<WireFormat, Made> | undefined = undefined;

  /** What was made for the format; undefined before that. */
  get(format: WireFormat): Made | undefined {
    return format === this.format ? this.made : this.others?.get(format);
  }

  /** Keeps what was made for a format, and answers it. */
  set(format: WireFormat, made: Made): Made {
    if (this.format === undefined) {
      this.format = format;
      this.made = made;
    } else {
      (this.others ??= new Map()).set(format, made);
    }
    return made;
  }
}
