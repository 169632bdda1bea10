import type { NodeSample } from '../protocol/console-frames.js';

/** How a node is called: by its machine and process where they may be known, else by its id. */
export function nodeName({ node, vitals }: NodeSample): string {
  return vitals ? `${vitals.host} · ${vitals.pid}` : node;
}

/** What the nodes that were seen are called; those that have gone since, too. */
export class NodeNames {
  readonly #names = new Map<string, string>();

  learn(nodes: readonly NodeSample[]): void {
    for (const sample of nodes) this.#names.set(sample.node, nodeName(sample));
  }

  /** The name of the node of this id; the id itself where it was never seen. */
  of(node: string): string {
    return this.#names.get(node) ?? node;
  }
}
