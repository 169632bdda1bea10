import type {
  Arrival,
  NodeAnswers,
  NodeHandler,
  NodeLink,
  NodeMessage,
  Question,
} from '../../src/backing/node-link.interface.js';
import { PushError } from '../../src/core/push-error.js';

interface KeptMessage {
  readonly from: BusLink;
  readonly message: NodeMessage;
  readonly saidAtMs: number;
}

/** Ties nodes of one process together, for tests of what they say to each other. What they say is copied as JSON. */
export class NodeBus {
  private readonly links = new Set<BusLink>();
  private readonly kept: KeptMessage[] = [];

  add(nodeId: string): BusLink {
    const link = new BusLink(nodeId, this);
    this.links.add(link);
    return link;
  }

  remove(link: BusLink): void {
    this.links.delete(link);
  }

  /** Nodes that have not taken their leave. */
  get nodeCount(): number {
    return this.links.size;
  }

  othersOf(asker: BusLink): BusLink[] {
    return [...this.links].filter((link) => link !== asker);
  }

  keep(from: BusLink, message: NodeMessage): void {
    this.kept.push({ from, message: copyOf(message), saidAtMs: Date.now() });
  }

  /** How many messages were kept so far. */
  get keptCount(): number {
    return this.kept.length;
  }

  keptSince(index: number): readonly KeptMessage[] {
    return this.kept.slice(index);
  }
}

/** A node's way to the others on the bus. */
export class BusLink implements NodeLink {
  private handler: NodeHandler = () => undefined;
  private isConnected = true;
  private keptBefore = 0;
  /** Answers that the node does not give, by operation: it is alive and mute. */
  readonly muted = new Set<string>();
  /** Operations that this node has asked for or told, in order. */
  readonly said: string[] = [];

  constructor(
    readonly nodeId: string,
    private readonly bus: NodeBus,
  ) {}

  get nodeCount(): number {
    return this.isConnected ? this.bus.nodeCount : 0;
  }

  handle(handler: NodeHandler): void {
    this.handler = handler;
  }

  async ask(message: NodeMessage, { withinMs, isEnough, keepMs }: Question): Promise<NodeAnswers> {
    this.say(message, keepMs);
    const others = this.bus.othersOf(this);
    return new Promise((resolve) => {
      const answers: unknown[] = [];
      let failures = 0;
      const finish = (isPartial: boolean) => {
        clearTimeout(timer);
        resolve({ answers: [...answers], isPartial });
      };
      const timer = setTimeout(() => finish(true), withinMs).unref();
      const askOne = async (other: BusLink): Promise<void> => {
        const answer = await other.hear(message, { ageMs: 0, hasWaited: false, wasDropped: false, wasAlive: true });
        if (answer === undefined) failures++;
        else answers.push(answer);
        if (answer !== undefined && isEnough?.(answer)) finish(false);
        else if (answers.length + failures === others.length) finish(failures > 0);
      };
      for (const other of others) void askOne(other);
      if (others.length === 0) finish(false);
    });
  }

  async tell(message: NodeMessage, keepMs?: number): Promise<void> {
    this.say(message, keepMs);
    for (const other of this.bus.othersOf(this))
      void other.hear(message, { ageMs: 0, hasWaited: false, wasDropped: false, wasAlive: true });
  }

  /** The node hears and says nothing until {@link rejoin}. */
  cutOff(): void {
    this.isConnected = false;
    this.keptBefore = this.bus.keptCount;
  }

  /** And carries out what was kept for it. */
  rejoin(): void {
    this.isConnected = true;
    for (const { from, message, saidAtMs } of this.bus.keptSince(this.keptBefore)) {
      if (from !== this)
        void this.hear(message, { ageMs: Date.now() - saidAtMs, hasWaited: true, wasDropped: false, wasAlive: false });
    }
  }

  /** Undefined where it fails; never settles where the node is cut off or mute. */
  async hear(message: NodeMessage, arrival: Arrival): Promise<unknown> {
    if (!this.isConnected || this.muted.has(message.operation)) return new Promise(() => {});
    try {
      return copyOf(await this.handler(copyOf(message), arrival));
    } catch {
      return undefined;
    }
  }

  private say(message: NodeMessage, keepMs: number | undefined): void {
    if (!this.isConnected) throw new PushError('PUSH_ERR_UNAVAILABLE', 'cut off');
    this.said.push(message.operation);
    if (keepMs !== undefined) this.bus.keep(this, message);
  }
}

function copyOf<Value>(value: Value): Value {
  return value === undefined ? value : (JSON.parse(JSON.stringify(value)) as Value);
}
