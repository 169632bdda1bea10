/** Figures of a run, named as the results name them. A metric is a function of a report; `NaN` where a run has none. */

const metric = (name, of, digits = 2) => Object.assign(Object.defineProperty(of, 'name', { value: name }), { digits });
const ms = (distribution, point) => (distribution ? distribution[point] / 1000 : NaN);

export const cpuPerMessage = metric('CPU µs/message', (run) => run.cpuUsPerMessage);
export const cpuPerPublish = metric('CPU µs/request', (run) => run.cpuUsPerPublish, 1);
export const cpuPerConnect = metric('CPU µs/handshake', (run) => run.connectCpuUs, 1);
export const userShare = metric(
  'of it user',
  (run) => (run.serverUserSeconds / (run.serverUserSeconds + run.serverSystemSeconds)) * 100,
  0,
);
export const messagesPerSecond = metric('messages/s', (run) => run.messagesPerSecond, 0);
export const publishesPerSecond = metric('publishes/s', (run) => run.publishesPerSecond, 0);
export const connectsPerSecond = metric('handshakes/s', (run) => run.connectsPerSecond, 0);
export const lost = metric('not arrived', (run) => run.lost, 0);
export const latencyP50 = metric('arrival p50 ms', (run) => ms(run.latencyUs, 'p50'));
export const latencyP99 = metric('arrival p99 ms', (run) => ms(run.latencyUs, 'p99'));
export const answerP50 = metric('answer p50 ms', (run) => ms(run.answerUs, 'p50'));
export const answerP99 = metric('answer p99 ms', (run) => ms(run.answerUs, 'p99'));
export const pingP50 = metric('bystander p50 ms', (run) => ms(run.pingUs, 'p50'));
export const pingP99 = metric('bystander p99 ms', (run) => ms(run.pingUs, 'p99'));
export const serverUse = metric('server use %', (run) => run.serverUtilisation * 100, 0);
export const clientUse = metric('client use %', (run) => run.clientUtilisation * 100, 0);
export const foreignUse = metric('others use %', (run) => run.foreignUtilisation * 100, 0);
export const bytesPerMessage = metric('bytes/message', (run) => run.bytesPerMessage, 0);
export const kbPerConnection = metric('KB/connection', (run) => (run.rssConnectedKb - run.rssIdleKb) / run.connections);
export const idleMb = metric('MB before', (run) => run.rssIdleKb / 1024, 0);
export const endMb = metric('MB at the end', (run) => run.rssEndKb / 1024, 0);
export const peakMb = metric('MB at most', (run) => run.rssPeakKb / 1024, 0);
export const slowCutOff = metric('slow cut off', (run) => run.slowCutOff, 0);

/** Scaled from the stretch in which nothing was published. */
export const cpuPerIdleMinute = metric(
  'CPU ms/idle client and minute',
  (run) => (run.restCpuSeconds * 1000 * 60) / run.restSeconds / run.connections,
  3,
);
export const answersPerMinute = metric('answers/client and minute', (run) =>
  run.pollAnswers > 0 ? (run.pollAnswers * 60) / run.restSeconds / run.connections : NaN,
);

export const clients = metric('clients', (run) => run.connections, 0);
/** Of a storm: all the bare handshakes, the middle of before and after it. */
export const bareMs = metric('bare handshakes ms', (run) => ((run.bareSeconds[0] + run.bareSeconds[1]) / 2) * 1000, 0);
export const bareCpu = metric('CPU µs/handshake', (run) => (run.bareCpuUs[0] + run.bareCpuUs[1]) / 2, 1);
export const stormCpu = metric('CPU µs/return', (run) => run.stormCpuUs, 1);
export const catchUpP50 = metric('caught up p50 ms', (run) => ms(run.catchUpUs, 'p50'), 0);
export const catchUpP99 = metric('caught up p99 ms', (run) => ms(run.catchUpUs, 'p99'), 0);
export const catchUpMax = metric('caught up last ms', (run) => ms(run.catchUpUs, 'max'), 0);
export const catchUpOverBare = metric('p99 over bare', (run) => catchUpP99(run) / bareMs(run));
export const incomplete = metric('not caught up', (run) => run.incomplete, 0);
export const gapsOrRepeats = metric('gaps and repeats', (run) => run.gaps + run.repeated, 0);

/** Of a filled history. */
export const storedMessages = metric('messages', (run) => run.messages, 0);
export const heapPerMessage = metric('heap bytes/message', (run) => run.heapBytes / run.messages, 0);
export const residentPerMessage = metric('resident bytes/message', (run) => run.residentBytes / run.messages, 0);
export const textPerMessage = metric('of it text', (run) => run.textBytes, 0);

/** Of several nodes over Redis. */
export const cpuPerSend = metric('CPU µs/send', (run) => run.cpuUsPerSend, 1);
export const heard = metric('heard/send', (run) => run.heardPerSend);
export const redisCpuPerSend = metric('Redis CPU µs/send', (run) => run.redisUsPerSend, 1);
export const nodesCpuPerSend = metric('all nodes CPU µs/send', (run) => run.nodesUsPerSend, 1);
export const redisCpuPerSecond = metric('Redis CPU ms/s', (run) => run.redisUsPerSecond / 1000, 1);
export const nodesCpuPerSecond = metric('all nodes CPU ms/s', (run) => run.nodesUsPerSecond / 1000, 1);
export const notDelivered = metric('not arrived', (run) => run.notDelivered, 0);

/** Of a crowd that is heard for. */
export const users = metric('users', (run) => run.users, 0);
export const madeSeconds = metric('made s', (run) => run.madeSeconds, 1);
export const remadeSeconds = metric('made anew s', (run) => run.remadeSeconds, 1);
export const nodeCpuPerUser = metric('nodes CPU µs/user', (run) => run.nodeCpuUsPerUser, 1);
export const redisCpuPerUser = metric('Redis CPU µs/user', (run) => run.redisCpuUsPerUser, 1);
export const nodeBytesPerUser = metric('nodes heap bytes/user', (run) => run.nodeBytesPerUser, 0);
export const redisBytesPerUser = metric('Redis bytes/user', (run) => run.redisBytesPerUser, 0);

/** Of masters that share the partitions of the log. */
export const ceiling = metric('ceiling sends/s', (run) => 1e6 / run.busiestUsPerSend, 0);
export const busiestCpuPerSend = metric('busiest master CPU µs/send', (run) => run.busiestUsPerSend, 1);
export const allMastersCpuPerSend = metric('all masters CPU µs/send', (run) => run.allUsPerSend, 1);
export const busiestShare = metric('busiest has %', (run) => run.busiestShare * 100, 0);
