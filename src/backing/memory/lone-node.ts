import type { NodeAnswers, NodeLink } from '../node-link.interface.js';

/** A node without others. */
export class LoneNode implements NodeLink {
  readonly nodeCount = 1;

  constructor(readonly nodeId: string) {}

  handle(): void {}

  async ask(): Promise<NodeAnswers> {
    return { answers: [], isPartial: false };
  }

  async tell(): Promise<void> {}
}
