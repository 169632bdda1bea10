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
