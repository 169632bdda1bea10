/** Nodes that have a crowd of users between them and nothing else: what their subscriptions cost to make and to make anew. */
import { openNode } from './redis-context.mjs';
import { measured, serve, until } from './worker.mjs';

const nodes = [];
let received = 0;

serve({ open, attend, whenHeard, memory, close });

async function open({ options, count }) {
  for (let number = 0; number < count; number++) {
    const node = await openNode(options, { deliver: () => void received++, reaches: () => true });
    nodes.push({ node, users: [] });
  }
}

/** So many users on each node. Resolves when all of them are heard for. */
function attend({ perNode }) {
  return measured(() =>
    Promise.all(
      nodes.map(({ node, users }, number) => {
        for (let index = 0; index < perNode; index++) users.push(`n${number}-u${index}`);
        return node.attend(users);
      }),
    ),
  );
}

/** After all connections were cut: until what is for the last user of each node is heard again. */
function whenHeard() {
  return measured(async () => {
    await until(() => nodes.some(({ node, users }) => !node.hears(users[0])), 10_000);
    await until(() => nodes.every(({ node, users }) => node.hears(users[0]) && node.hears(users.at(-1))), 120_000);
  });
}

function memory() {
  globalThis.gc?.();
  return process.memoryUsage();
}

async function close() {
  await Promise.all(nodes.map(({ node }) => node.close()));
}
