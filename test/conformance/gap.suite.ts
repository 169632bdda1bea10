import { afterEach, describe, expect, it } from '@jest/globals';
import { eventually } from '../support/eventually.js';
import type { ConformanceServer, ServerOptions, StartedServer } from './conformance-server.js';
import { StartedServers } from './conformance-server.js';
import { dataOf } from './frame-inbox.js';
import { publish } from './http-exchange.js';
import type { TransportRules } from './suite.js';
import { WireClients } from './transport-driver.js';

/** Section "Cursor and resume": what a client is told when messages may be missing. */
export const describeGaps: TransportRules = (target, driver) => {
  describe('a gap', () => {
    const clients = new WireClients();
    const servers = new StartedServers(target);
    afterEach(async () => {
      clients.endAll();
      await servers.stopAll();
    });

    const connect = (server: ConformanceServer, cursor?: string, userId = 'away') =>
      clients.open(driver, server, userId, { cursor });
    /** A server and the cursor of a user who has gone. */
    const leave = async (options: ServerOptions): Promise<[StartedServer, string]> => {
      const server = await servers.start(options);
      const client = await connect(server);
      await client.settled(server);
      client.cut();
      return [server, client.cursor ?? ''];
    };
    const fill = async (server: ConformanceServer, to: string, count: number, options = {}) => {
      for (let n = 0; n < count; n++) await publish(server, to, 'e', n, options);
    };
    /** Comes back, is told of the gap, and gets this. */
    const expectGap = async (server: ConformanceServer, cursor: string, reason: string, data: readonly unknown[]) => {
      const client = await connect(server, cursor);
      const gap = await client.next('push:gap');
      expect(gap).toEqual({ event: 'push:gap', data: { reason }, cursor: expect.any(String) });
      expect((await client.settled(server)).map((frame) => frame.data)).toEqual(data);
      expect(client.isResumed).toBe(false);
      return String(gap['cursor']);
    };
    const expectWhole = async (server: ConformanceServer, cursor: string, data: readonly unknown[]) => {
      const client = await connect(server, cursor);
      expect((await client.settled(server)).map((frame) => frame.data)).toEqual(data);
      expect(client.isResumed).toBe(true);
    };

    it('is told where more was missed than a user’s messages that are held', async () => {
      const [server, cursor] = await leave({ historyCount: 3 });
      await fill(server, 'users/away', 5);
      await expectGap(server, cursor, 'expired', [2, 3, 4]);
    });

    it('is told where more was missed than the broadcasts that are held', async () => {
      const [server, cursor] = await leave({ historyCount: 2, historyAllCount: 3 });
      await fill(server, 'broadcast', 5);
      await expectGap(server, cursor, 'expired', [2, 3, 4]);
    });

    it('is told where messages were held too long', async () => {
      const [server, cursor] = await leave({ historySeconds: 1 });
      await fill(server, 'users/away', 1);
      const started = Date.now();
      await eventually(() => Date.now() - started > 1_100);
      await expectGap(server, cursor, 'expired', []);
    });

    it('is told where the cursor is of another log', async () => {
      const [, cursor] = await leave({});
      const server = await servers.start();
      await fill(server, 'users/away', 2);
      await expectGap(server, cursor, 'reset', [0, 1]);
    });

    it('is told once: its own cursor leads past it', async () => {
      const [server, cursor] = await leave({ historyCount: 3 });
      await fill(server, 'users/away', 5);
      const gap = await (await connect(server, cursor)).next('push:gap');
      await expectWhole(server, String(gap['cursor']), [2, 3, 4]);
    });

    if (driver.isLasting) {
      it('is told again to whoever comes back from the welcome before it', async () => {
        const [server, cursor] = await leave({ historyCount: 3 });
        await fill(server, 'users/away', 5);
        const { welcome } = await connect(server, cursor);
        await expectGap(server, String(welcome && dataOf(welcome, 'cursor')), 'expired', [2, 3, 4]);
      });
    }

    it('is none where others’ messages were pushed out', async () => {
      const [server, cursor] = await leave({ historyCount: 3 });
      await fill(server, 'users/away', 1);
      await fill(server, 'users/other', 20);
      await fill(server, 'groups/others', 20);
      await expectWhole(server, cursor, [0]);
    });

    it('is none where as much was missed as is held', async () => {
      const [server, cursor] = await leave({ historyCount: 3 });
      await fill(server, 'users/away', 3);
      await expectWhole(server, cursor, [0, 1, 2]);
    });

    it('is none where messages had outlived their time', async () => {
      const [server, cursor] = await leave({});
      await fill(server, 'users/away', 2, { ttlSeconds: 0.05 });
      const started = Date.now();
      await eventually(() => Date.now() - started > 100);
      await fill(server, 'users/away', 1);
      await expectWhole(server, cursor, [0]);
    });

    it('is none where messages were collapsed or not stored', async () => {
      const [server, cursor] = await leave({ historyCount: 3 });
      await fill(server, 'users/away', 5, { collapseKey: 'k' });
      await fill(server, 'users/away', 5, { store: 'none' });
      await expectWhole(server, cursor, [4]);
    });

    it('comes before everything that was held', async () => {
      const [server, cursor] = await leave({ historyCount: 2 });
      await fill(server, 'users/away', 5);
      const client = await connect(server, cursor);
      const frames = await client.settled(server);
      expect(frames.map(({ event }) => event)).toEqual(['push:gap', 'e', 'e']);
      expect(dataOf(client.welcome, 'resumed')).not.toBe(true);
    });
  });
};
