/**
 * One run: an application, a proxy that does harm, recipients behind it, publishers beside it. `finish` calms
 * everything, sends one last message to everyone and gives the history to the checker once it has arrived.
 */
import { writeFile } from 'node:fs/promises';
import type { TransportName } from '../../src/protocol/frames.js';
import { eventually } from '../support/eventually.js';
import { PushApp } from '../support/push-app.js';
import type { PushAppOptions } from '../support/push-app.js';
import { RestClient } from '../support/rest-client.js';
import { RoomsAuthorizer } from '../support/rooms.authorizer.js';
import { signToken } from '../support/tokens.js';
import { ClientRecipient } from './client-recipient.js';
import { FaultProxy } from './fault-proxy.js';
import type { FaultPlan } from './fault-proxy.js';
import { check } from './history-checker.js';
import type { Verdict } from './history-checker.js';
import { historyNow } from './history.js';
import type { History, MembershipChange } from './history.js';
import { HistoryPublisher, sendBy, sendByRest, sendUntilAnswered } from './publisher.js';
import type { Addressees } from './publisher.js';
import { Recipient } from './recipient.js';
import type { RecipientOptions } from './recipient.js';
import { SeededRandom } from './seeded-random.js';

/** Users, groups of their tokens, and rooms that the server or they themselves join. */
export const ADDRESSEES: Addressees = {
  users: ['anna', 'ben', 'cleo', 'dora'],
  groups: ['staff', 'guests', 'room:1', 'room:2'],
};

/** The groups that a user's tokens name. */
export const TOKEN_GROUPS: Readonly<Record<string, readonly string[]>> = {
  anna: ['staff'],
  ben: ['staff', 'guests'],
  cleo: ['guests'],
  dora: [],
};

/** Room for everything that a run publishes, unless the run is about its end. */
const AMPLE = {
  authorizer: RoomsAuthorizer,
  maxPerUser: 1_000,
  historyCount: 5_000,
  historyAllCount: 5_000,
};

/** How long a last message may take to reach everyone before another is sent, in milliseconds. */
const MARKER_MS = 1_000;
/** So often; who has got none of them by then is judged as it stands. */
const MAX_MARKERS = 8;

/** What a recipient may want otherwise. */
export type RecipientWish = Partial<
  Pick<RecipientOptions, 'name' | 'userId' | 'transports' | 'backoffMs' | 'renews'>
> & {
  /** How long its tokens last. @default 3_600 */
  readonly tokenSeconds?: number;
};

/** Everything that takes part. */
export class HistoryRun {
  readonly recipients: Recipient[] = [];
  readonly clients: ClientRecipient[] = [];
  readonly memberships: MembershipChange[] = [];
  private readonly publishers: HistoryPublisher[] = [];
  /** Kept, because a server that has closed does not say its port any more. */
  private port: number;

  private constructor(
    private server: PushApp,
    readonly proxy: FaultProxy,
    readonly random: SeededRandom,
    private readonly begin: () => Promise<PushApp>,
  ) {
    this.port = server.port;
  }

  static async start({ push, ...options }: PushAppOptions = {}, random = SeededRandom.fromEnvironment()) {
    const begin = () => PushApp.start({ ...options, push: { ...AMPLE, ...push } });
    const server = await begin();
    const { port } = server;
    const runs: HistoryRun[] = [];
    const proxy = await FaultProxy.start(() => runs.at(0)?.port ?? port, random.fork());
    const run = new HistoryRun(server, proxy, random, begin);
    runs.push(run);
    return run;
  }

  /** The application of now. */
  get app(): PushApp {
    return this.server;
  }

  /** The application ends in good order, and another one begins. */
  async restart(): Promise<void> {
    const { server } = this;
    await server.close();
    this.server = await this.begin();
    this.port = this.server.port;
  }

  /** Adds recipients, one per wish, users in turn, and waits until each has a place in the log. */
  async join(...wishes: readonly RecipientWish[]): Promise<Recipient[]> {
    const added = wishes.map((wish, index) => this.recipientFor(this.recipients.length + index, wish));
    this.recipients.push(...added);
    for (const recipient of added) recipient.start();
    await eventually(() => added.every(({ isPlaced }) => isPlaced), { what: 'a place for each recipient' });
    return added;
  }

  /** Adds a client of the package per list of transports, users in turn, and waits until each has a place. */
  async joinByClient(...lists: readonly (readonly TransportName[])[]): Promise<void> {
    const added = lists.map((transports, index) => {
      const name = `client ${this.clients.length + index}`;
      const userId = ADDRESSEES.users[index % ADDRESSEES.users.length] ?? 'anna';
      const groups = this.giveTokenGroups(name, userId);
      const token = () => signToken({ sub: userId, groups });
      return new ClientRecipient(name, userId, { url: `http://127.0.0.1:${this.proxy.port}`, token, transports });
    });
    this.clients.push(...added);
    await eventually(() => added.every(({ isPlaced }) => isPlaced), { what: 'a place for each client' });
  }

  /** A publisher in this process. */
  publisher(): HistoryPublisher {
    return this.enlist(sendBy(() => this.app.push));
  }

  /** A publisher by REST, past the proxy. */
  restPublisher(): HistoryPublisher {
    return this.enlist(sendByRest(RestClient.of(this.app)));
  }

  /** A publisher by REST through the proxy, which sends again what was not answered. */
  stubbornPublisher(): HistoryPublisher {
    return this.enlist(sendUntilAnswered(RestClient.of(this.proxy)));
  }

  /** Several publishers at once, of both kinds, `count` messages each. */
  async publish(count: number, addressees = ADDRESSEES): Promise<void> {
    const publishers = [this.publisher(), this.publisher(), this.restPublisher()];
    await Promise.all(publishers.map((publisher) => publisher.run(count, addressees)));
  }

  /** The server takes the user into the group or out of it. */
  async change(type: MembershipChange['type'], user: string, group: string): Promise<void> {
    const startedAt = historyNow();
    if (type === 'join') await this.app.push.addToGroup(user, group);
    else await this.app.push.removeFromGroup(user, group);
    this.memberships.push({ user, group, type, startedAt, finishedAt: historyNow() });
  }

  /** Connections from now on meet this fate; those that are open keep theirs. */
  plan(plan: FaultPlan): void {
    this.proxy.plan = plan;
  }

  /** Waits until a message to everyone has reached everyone. A server under test may lose one or another. */
  async settle(): Promise<void> {
    const publisher = this.publisher();
    for (let attempt = 0; attempt < MAX_MARKERS; attempt++) {
      const key = `${publisher.name}-marker-${attempt}`;
      await publisher.publish({ target: { all: true } }, { key });
      const hasArrived = eventually(() => [...this.recipients, ...this.clients].every(({ keys }) => keys.has(key)), {
        timeoutMs: MARKER_MS,
      });
      if (
        await hasArrived.then(
          () => true,
          () => false,
        )
      )
        return;
    }
  }

  /** Everyone is away while messages are published, and comes back while more are. Ends when all are up to date. */
  async round(count: number): Promise<void> {
    for (const recipient of this.recipients) {
      recipient.sleep();
      recipient.cut();
    }
    await this.publish(count);
    for (const recipient of this.recipients) recipient.wake();
    await this.publish(count);
    await this.settle();
  }

  /** Ends the run and judges it. */
  async finish(): Promise<Verdict> {
    this.plan(() => undefined);
    for (const recipient of this.recipients) recipient.wake();
    await this.settle();
    const history = this.history();
    await this.close();
    const verdict = check(history);
    await keepHistory(history, verdict);
    return verdict;
  }

  /** Ends everything without a verdict. */
  async close(): Promise<void> {
    for (const client of this.clients) client.stop();
    await Promise.all(this.recipients.map((recipient) => recipient.stop()));
    await this.proxy.close();
    await this.app.close();
  }

  private history(): History {
    return {
      publications: this.publishers.flatMap(({ publications }) => publications),
      memberships: [...this.memberships, ...this.recipients.flatMap(({ memberships }) => memberships)],
      recipients: [...this.recipients, ...this.clients].map(({ log }) => log),
      endedAt: historyNow(),
    };
  }

  private recipientFor(number: number, { tokenSeconds = 3_600, ...wish }: RecipientWish): Recipient {
    const name = wish.name ?? `r${number}`;
    const userId = wish.userId ?? ADDRESSEES.users[number % ADDRESSEES.users.length] ?? 'anna';
    const groups = this.giveTokenGroups(name, userId);
    return new Recipient({
      transports: ['ws', 'sse', 'poll'] satisfies readonly TransportName[],
      ...wish,
      name,
      userId,
      port: () => this.proxy.port,
      token: () => signToken({ sub: userId, groups }, { expiresInSeconds: tokenSeconds }),
      random: this.random.fork(),
    });
  }

  private giveTokenGroups(recipient: string, userId: string): readonly string[] {
    const groups = TOKEN_GROUPS[userId] ?? [];
    for (const group of groups) {
      this.memberships.push({ recipient, group, type: 'join', startedAt: -Infinity, finishedAt: -Infinity });
    }
    return groups;
  }

  private enlist(send: ConstructorParameters<typeof HistoryPublisher>[1]): HistoryPublisher {
    const publisher = new HistoryPublisher(`p${this.publishers.length}`, send, this.random.fork());
    this.publishers.push(publisher);
    return publisher;
  }
}

/**
 * Leaves the run in the file that `HISTORY_DUMP` names, for whoever looks into a defect. A name with a slash at its end is
 * that of a folder, for runs with defects alone.
 */
export async function keepHistory(history: History, verdict: Verdict): Promise<void> {
  const place = process.env['HISTORY_DUMP'];
  if (place === undefined) return;
  const text = JSON.stringify({ history, verdict });
  if (!place.endsWith('/')) return writeFile(place, text);
  if (verdict.defects.length > 0) await writeFile(`${place}history-${Date.now()}.json`, text);
}
