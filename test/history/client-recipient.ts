import { WebSocket } from 'ws';
import { PushClient } from '../../src/client/index.js';
import type { PushClientOptions } from '../../src/client/index.js';
import { historyNow } from './history.js';
import type { RecipientEvent, RecipientLog } from './history.js';

/** A recipient whose connections are the package's own client's. What the client drops, it drops unseen. */
export class ClientRecipient {
  readonly events: RecipientEvent[] = [];
  readonly keys = new Set<string>();
  private readonly client: PushClient;

  constructor(
    readonly name: string,
    readonly userId: string,
    options: Pick<PushClientOptions, 'url' | 'token' | 'transports'>,
  ) {
    this.client = new PushClient({ ...options, WebSocket, retryBaseMs: 5, retryMaxMs: 40, climbAfterMs: 200 });
    this.client.on('push:status', ({ state, transport = 'ws' }) => {
      const { cursor } = this.client;
      if (state === 'connecting') this.events.push({ type: 'connecting', at: historyNow(), transport, cursor });
      if (state === 'live') this.events.push({ type: 'welcome', at: historyNow(), cursor });
      if (state === 'waiting') this.events.push({ type: 'closed', at: historyNow(), reason: state });
    });
    this.client.on('push:gap', ({ reason }) => {
      this.events.push({ type: 'gap', at: historyNow(), reason, cursor: this.client.cursor });
    });
    this.client.on('note', (data, { id = '', cursor }) => {
      const { key } = data as { readonly key: string };
      this.keys.add(key);
      this.events.push({ type: 'message', at: historyNow(), key, id, cursor });
    });
  }

  get isPlaced(): boolean {
    return this.client.status.state === 'live' && this.client.cursor !== undefined;
  }

  get log(): RecipientLog {
    return { name: this.name, userId: this.userId, events: this.events };
  }

  stop(): void {
    this.client.close();
  }
}
