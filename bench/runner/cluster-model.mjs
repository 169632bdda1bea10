/**
 * What Redis and the nodes need for so many sends a second: the sum of rates times unit costs, in microseconds of CPU a
 * second. Costs of a send to a user or a group do not depend on how many nodes there are, that of a send to everyone grows
 * with them; being there costs each node something, and Redis something for itself and for each node.
 */
import { median } from './statistics.mjs';

const KINDS = ['user', 'group', 'all'];

/**
 * Unit costs from measurements at several sizes: `sizes` is `[{ nodes, rest, user, group, all }]`, each kind with
 * `redisUs` and `nodesUs` of one send, `rest` with both of one second. What being there costs is in all of them.
 */
export function unitCosts(sizes) {
  const costs = { rest: {}, user: {}, group: {}, all: {} };
  for (const part of ['redisUs', 'nodesUs']) {
    costs.rest[part] = lineThrough(sizes.map(({ nodes, rest }) => [nodes, rest[part]]));
    for (const kind of ['user', 'group']) costs[kind][part] = median(sizes.map((size) => size[kind][part]));
    costs.all[part] = lineThrough(sizes.map(({ nodes, all }) => [nodes, all[part]]));
  }
  return costs;
}

/** Microseconds of CPU a second of Redis and of all nodes together. */
export function predict(costs, { nodes, perSecond }) {
  const of = (part) =>
    atSize(costs.rest[part], nodes) +
    KINDS.reduce((sum, kind) => sum + (perSecond[kind] ?? 0) * costOfSend(costs, kind, part, nodes), 0);
  return { redisUs: of('redisUs'), nodesUs: of('nodesUs') };
}

function costOfSend(costs, kind, part, nodes) {
  const cost = costs[kind][part];
  return kind === 'all' ? atSize(cost, nodes) : cost;
}

function atSize({ fixed, perNode }, nodes) {
  return fixed + perNode * nodes;
}

/** Least squares of the relative error: the small sizes must fit as well as the large ones. */
function lineThrough(points) {
  let [sww, swx, swxx, swy, swxy] = [0, 0, 0, 0, 0];
  for (const [x, y] of points) {
    const weight = 1 / (y * y);
    sww += weight;
    swx += weight * x;
    swxx += weight * x * x;
    swy += weight * y;
    swxy += weight * x * y;
  }
  const perNode = (sww * swxy - swx * swy) / (sww * swxx - swx * swx);
  return { perNode, fixed: (swy - perNode * swx) / sww };
}
