/** Several `redis-server`s as one Cluster without replicas: what one partition of the log costs, each of them can. */
import { setTimeout as sleep } from 'node:timers/promises';
import { RedisProcess, freePort } from './redis-process.mjs';

const SLOTS = 16_384;

export class RedisClusterProcesses {
  #masters;

  constructor(masters) {
    this.#masters = masters;
  }

  static async start(count) {
    const masters = [];
    for (let index = 0; index < count; index++) {
      const busPort = await freePort();
      // One that has never met another does not know its own address.
      const settings = ['--cluster-enabled', 'yes', '--cluster-port', busPort, '--cluster-announce-ip', '127.0.0.1'];
      masters.push(await RedisProcess.start(settings));
      const edge = (part) => Math.round((part * SLOTS) / count);
      await masters[index].say('CLUSTER', 'SET-CONFIG-EPOCH', index + 1);
      await masters[index].say('CLUSTER', 'ADDSLOTSRANGE', edge(index), edge(index + 1) - 1);
      if (index > 0) await masters[0].say('CLUSTER', 'MEET', '127.0.0.1', masters[index].port, busPort);
    }
    for (const master of masters) await whole(master, count);
    return new RedisClusterProcesses(masters);
  }

  /** What `redis()` is called with. */
  get options() {
    return { cluster: { nodes: this.#masters.map(({ port }) => ({ host: '127.0.0.1', port })) } };
  }

  /** What each master costs while the work is done, in microseconds; beside the answer of the work. */
  async measured(work) {
    const before = await Promise.all(this.#masters.map((master) => master.cpuUs()));
    const result = await work();
    const after = await Promise.all(this.#masters.map((master) => master.cpuUs()));
    return { ...result, masterCpuUs: after.map((cpuUs, index) => cpuUs - before[index]) };
  }

  async stop() {
    await Promise.all(this.#masters.map((master) => master.stop()));
  }
}

/** Waits until the master knows all others and that every slot has one. */
async function whole(master, count) {
  for (;;) {
    const info = await master.say('CLUSTER', 'INFO');
    if (/cluster_state:ok/.test(info) && info.includes(`cluster_size:${count}`)) return;
    await sleep(50);
  }
}
