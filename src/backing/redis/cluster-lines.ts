/**
 * The lines of a Cluster: one for each slot that is listened to, carried by a connection to the master that has it, which
 * all lines of that master share.
 *
 * A slot that has moved, or whose master has died, is a line that was lost and comes back on another connection. The
 * server says by itself when it gives a slot away, but which one the driver does not tell: so the connection is cut, and
 * each of its lines goes on where its slot is.
 */
import type { Redis } from 'ioredis';
import { PING_TIMEOUT_MS } from './connection-settings.js';
import { slotOf } from './hash-slot.js';
import type { RedisLine } from './redis-line.js';
import { SubscriberConnection } from './subscriber-connection.js';
import { SubscriberLine } from './subscriber-line.js';

/** What the lines need to know of the Cluster. */
export interface ClusterMap {
  /** The `host:port` of the master that has the slot; undefined where nobody has it, as far as is known. */
  masterOf(slot: number): string | undefined;
  /** A connection to this server, not begun. */
  connect(address: string): Redis;
  /** Asks who has which slot. {@link ClusterLines.place} is called with the answer. */
  refresh(): void;
}

/** A connection to one master, and the lines that it carries. */
interface Carrier {
  readonly redis: Redis;
  readonly connection: SubscriberConnection;
  readonly slots: Set<number>;
  /** It is connected, and the server is a master. */
  isUp: boolean;
  isChecking: boolean;
}

interface PlacedLine {
  readonly line: SubscriberLine;
  address: string | undefined;
}

/** All lines of one node to one Cluster. */
export class ClusterLines {
  private readonly lines = new Map<number, PlacedLine>();
  private readonly carriers = new Map<string, Carrier>();

  constructor(private readonly map: ClusterMap) {}

  /** The line for the slot of this key. To be followed at once, and asked for anew once it was left. */
  lineOf(key: string): RedisLine {
    const slot = slotOf(key);
    let placed = this.lines.get(slot);
    if (!placed) {
      placed = { line: new SubscriberLine(), address: undefined };
      this.lines.set(slot, placed);
      this.placeOne(slot, placed);
    }
    return placed.line;
  }

  /** Brings each line to the master that has its slot now. Lines and connections that nobody needs any more end. */
  place(): void {
    for (const [slot, placed] of this.lines) {
      if (placed.line.isOwned) this.placeOne(slot, placed);
      else this.forget(slot, placed);
    }
    for (const [address, carrier] of this.carriers) if (carrier.slots.size === 0) this.end(address, carrier);
  }

  /** Looks again for the masters of lines that wait for one. */
  retry(): void {
    for (const carrier of this.carriers.values()) void this.check(carrier);
    for (const { line } of this.lines.values()) if (line.isOwned && !line.isReady) return this.map.refresh();
  }

  ping(): void {
    for (const { connection } of this.carriers.values()) connection.ping();
  }

  /** Ends the connections. Lines are lost, and come back when they are placed anew. */
  close(): void {
    for (const [address, carrier] of this.carriers) this.end(address, carrier);
    for (const placed of this.lines.values()) {
      placed.address = undefined;
      placed.line.detach();
    }
  }

  private placeOne(slot: number, placed: PlacedLine): void {
    const address = this.map.masterOf(slot);
    if (address === placed.address) return;
    this.carrierOf(placed)?.slots.delete(slot);
    placed.address = address;
    placed.line.detach();
    if (address === undefined) return;
    const carrier = this.carriers.get(address) ?? this.begin(address);
    carrier.slots.add(slot);
    if (carrier.isUp) placed.line.attach(carrier.connection);
  }

  private forget(slot: number, placed: PlacedLine): void {
    this.carrierOf(placed)?.slots.delete(slot);
    this.lines.delete(slot);
  }

  private carrierOf({ address }: PlacedLine): Carrier | undefined {
    return address === undefined ? undefined : this.carriers.get(address);
  }

  private begin(address: string): Carrier {
    const redis = this.map.connect(address);
    redis.options.commandTimeout = PING_TIMEOUT_MS;
    const connection = new SubscriberConnection(
      redis,
      {
        onReady: () => void this.check(carrier),
        onLost: () => this.lose(carrier),
        onMoved: () => this.map.refresh(),
        onMessage: (channel, message) => this.receive(carrier, channel, message),
      },
      'sharded',
    );
    const carrier: Carrier = { redis, connection, slots: new Set(), isUp: false, isChecking: false };
    this.carriers.set(address, carrier);
    // It goes on by itself, and is given up when its slots have gone elsewhere.
    redis.on('error', () => {});
    redis.connect().catch(() => {});
    return carrier;
  }

  private end(address: string, carrier: Carrier): void {
    this.carriers.delete(address);
    carrier.redis.disconnect();
  }

  /** A replica lets subscribe too, but hears less. What was a master may come back as one. */
  private async check(carrier: Carrier): Promise<void> {
    if (carrier.isUp || carrier.isChecking || carrier.redis.status !== 'ready') return;
    carrier.isChecking = true;
    const info = await carrier.redis.info('replication').catch(() => '');
    carrier.isChecking = false;
    if (carrier.redis.status !== 'ready' || !info.includes('role:master')) return this.map.refresh();
    carrier.isUp = true;
    for (const slot of carrier.slots) this.lines.get(slot)?.line.attach(carrier.connection);
  }

  private lose(carrier: Carrier): void {
    carrier.isUp = false;
    for (const slot of carrier.slots) this.lines.get(slot)?.line.detach();
    this.map.refresh();
  }

  private receive(carrier: Carrier, channel: string, message: Buffer): void {
    const slot = slotOf(channel);
    // What a line has been taken away from may still have its channels for a moment.
    if (carrier.slots.has(slot)) this.lines.get(slot)?.line.receive(channel, message);
  }
}
