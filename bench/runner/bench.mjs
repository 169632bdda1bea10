/** What every row needs: servers started and stopped, the load put on them, and runs made in turns. */
import { MOST_CONNECTIONS, publisherToken, writeMessage, writeTokens } from './inputs.mjs';
import { contestants } from './contestants.mjs';
import { runLoad } from './load-generator.mjs';
import { loadPrefix, startServer } from './server-process.mjs';

/** Payload of every row that does not say otherwise. */
export const PAYLOAD_BYTES = 128;
/** A full pass makes a run with more than this many cores busy with other programs once more. */
const FOREIGN_CORES = 0.5;

export class Bench {
  #tokenFile = writeTokens();
  #tokenSeries = 0;
  #publisherToken = publisherToken();
  #messageFiles = new Map();
  #servers = new Set();

  /** `quick` shortens every run; `absent` says of contestants that cannot run here why, by name. */
  constructor({ quick, absent, log }) {
    this.quick = quick;
    this.absent = absent;
    this.log = log;
  }

  /** Length of this module's frame text for the standard payload: what the other servers fill theirs up to. */
  frameBytes = 0;

  /** Picks the number for a full or a quick pass. */
  size(full, quick) {
    return this.quick ? quick : full;
  }

  has(name) {
    return this.absent[name] === undefined;
  }

  /** What the results say where these contestants were left out; `undefined` when all are here. */
  whyAbsent(names) {
    const reasons = names.filter((name) => !this.has(name)).map((name) => this.absent[name]);
    return reasons.length > 0 ? `Not measured: ${[...new Set(reasons)].join(' ')}` : undefined;
  }

  /** Later connections come with tokens that no server has seen. */
  renewTokens() {
    writeTokens(++this.#tokenSeries);
  }

  async start(name, settings = {}) {
    const server = await startServer(contestants[name], { frameBytes: this.frameBytes, ...settings });
    this.#servers.add(server);
    return server;
  }

  async stop(server) {
    this.#servers.delete(server);
    await server.stop();
  }

  async stopAll() {
    await Promise.allSettled([...this.#servers].map((server) => this.stop(server)));
  }

  /**
   * One run of the generator. `door` names the path that is posted to, `pings` has the bystander ask, other options are
   * the generator's own. `once`: the server is not the same afterwards, so the run may not be repeated.
   */
  async load(server, { door, payloadBytes = PAYLOAD_BYTES, pings, once, ...options }) {
    const { contestant, authority, pid } = server;
    const withSubscribers = options.connections > 0;
    const full = {
      pid,
      spin: loadPrefix.length > 0,
      ...(withSubscribers && {
        subscribe: `${authority}${contestant.subscribePath}`,
        transport: contestant.transport,
        tokenFile: this.#tokenFile,
        readyText: contestant.readyText,
        engineIo: contestant.engineIo,
      }),
      ...(door && {
        publish: `${authority}${contestant.doors[door]}`,
        publishToken: this.#publisherToken,
        bodyFile: this.#messageFile(payloadBytes, contestant.relaysBodies ? this.frameBytes : 0),
      }),
      ...(pings && { pingText: contestant.pingText, pongText: contestant.pongText }),
      users: MOST_CONNECTIONS,
      ...options,
    };
    const report = await this.#runLoad(contestant, full);
    if (once || this.quick || report.foreignUtilisation <= FOREIGN_CORES) return report;
    this.log(`  again: other programs used ${report.foreignUtilisation.toFixed(2)} cores`);
    return this.#runLoad(contestant, full);
  }

  async #runLoad(contestant, options) {
    const report = await runLoad(options, loadPrefix);
    if (report.publishErrors > 0) throw new Error(`${contestant.title} refused messages: ${report.notes.join('; ')}`);
    return report;
  }

  #messageFile(bytes, bodyBytes) {
    const key = `${bytes}-${bodyBytes}`;
    if (!this.#messageFiles.has(key)) this.#messageFiles.set(key, writeMessage(bytes, bodyBytes));
    return this.#messageFiles.get(key);
  }

  /**
   * Runs a subject and others in turns: subject, other, subject, next other, subject … `rounds` times. `prepare` gives a
   * server its share of the same warm-up before the first round; `measure` makes a run and returns its report.
   * @returns `{ runs: { [name]: report[] }, sandwiches: { [other]: sandwich[] } }`
   */
  async interleave({ subject, others, rounds, prepare, measure, metric }) {
    const names = [subject, ...others].filter((name) => this.has(name));
    const present = names.filter((name) => name !== subject);
    const runs = Object.fromEntries(names.map((name) => [name, []]));
    const sandwiches = Object.fromEntries(present.map((name) => [name, []]));
    const run = async (name, round) => {
      const report = await measure(name);
      runs[name].push(report);
      this.log(`  ${round + 1}/${rounds} ${contestants[name].title}: ${metric.name} ${metric(report).toFixed(2)}`);
      return report;
    };
    for (const name of names) await prepare?.(name);
    for (let round = 0; round < rounds; round++) {
      let before = this.has(subject) ? await run(subject, round) : undefined;
      for (const name of present) {
        const other = await run(name, round);
        const after = this.has(subject) ? await run(subject, round) : undefined;
        if (before && after) sandwiches[name].push({ before, other, after });
        before = after;
      }
    }
    return { runs, sandwiches };
  }

  /** The usual case of `interleave`: every server lives through all rounds, `load` says what each run is. */
  async compare({ subject, others, rounds, settings, load, warmUp = load, metric }) {
    const servers = {};
    const result = await this.interleave({
      subject,
      others,
      rounds,
      metric,
      prepare: async (name) => {
        servers[name] = await this.start(name, settings);
        await this.load(servers[name], warmUp);
      },
      measure: (name) => this.load(servers[name], load),
    });
    for (const server of Object.values(servers)) await this.stop(server);
    return result;
  }
}
