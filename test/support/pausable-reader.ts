/** Clients that can stop to read, whatever they read over. */
import type { Envelope } from '../../src/protocol/frames.js';
import type { PushApp } from './push-app.js';
import { SseClient } from './sse-client.js';
import { bearer, signToken } from './tokens.js';
import { WsClient } from './ws-client.js';

/** One of them. */
export interface PausableReader {
  pause(): void;
  resume(): void;
  /** All that were read until now. */
  readonly frames: readonly Envelope[];
  close(): void;
}

/** Connects as the user, with `?cursor=` where there is one. */
export type OpenReader = (app: PushApp, user: string, cursor?: string) => Promise<PausableReader>;

async function openWs(app: PushApp, user: string, cursor?: string): Promise<PausableReader> {
  const client = await WsClient.connect(app.wsUrl + queryOf(cursor), { token: signToken({ sub: user }) });
  return {
    pause: () => client.socket.pause(),
    resume: () => client.socket.resume(),
    frames: client.frames,
    close: () => client.socket.terminate(),
  };
}

async function openSse(app: PushApp, user: string, cursor?: string): Promise<PausableReader> {
  const client = await SseClient.open(`${app.origin}/push/sse${queryOf(cursor)}`, bearer(signToken({ sub: user })));
  return {
    pause: () => client.response.pause(),
    resume: () => client.response.resume(),
    get frames() {
      return client.blocks.flatMap(({ data }) => (data === undefined ? [] : [JSON.parse(data) as Envelope]));
    },
    close: () => client.close(),
  };
}

function queryOf(cursor: string | undefined): string {
  return cursor === undefined ? '' : `?cursor=${cursor}`;
}

/** How one is opened, by transport. */
export const READERS: readonly (readonly [name: 'ws' | 'sse', open: OpenReader])[] = [
  ['ws', openWs],
  ['sse', openSse],
];
