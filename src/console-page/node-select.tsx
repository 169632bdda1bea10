import type { NodeSample } from '../protocol/console-frames.js';
import { nodeName } from './node-names.js';
import { ALL_NODES } from './report-history.js';

/** Chooses one node, or all. */
export function NodeSelect({
  nodes,
  chosen,
  choose,
}: {
  readonly nodes: readonly NodeSample[];
  readonly chosen: string;
  readonly choose: (node: string) => void;
}) {
  return (
    <label class="inline-field">
      <span>Node</span>
      <select value={chosen} onChange={({ currentTarget }) => choose(currentTarget.value)}>
        <option value={ALL_NODES}>All ({nodes.length})</option>
        {nodes.map((sample) => (
          <option key={sample.node} value={sample.node}>
            {nodeName(sample)}
          </option>
        ))}
      </select>
    </label>
  );
}
