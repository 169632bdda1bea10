import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { ChildProgram } from '../support/child-program.js';
import { bearer, signToken } from '../support/tokens.js';
import { WsClient } from '../support/ws-client.js';
import { InstalledHost, registryAbsence } from './installed-host.js';
import { Tarball } from './tarball.js';

const absence = await registryAbsence();
const describeWithRegistry = absence === '' ? describe : describe.skip;

const hosts = [
  {
    name: 'nest11-commonjs-express',
    nest: '11',
    load: `require('nestjs-push')`,
    configurations: ['tsconfig.json', 'tsconfig.classic.json'],
    // Without an adapter and a gateway nobody handles the events of an application.
    reply: { event: 'push:error', data: { code: 'unknown_event' } },
  },
  {
    name: 'nest12-esm-fastify',
    nest: '12',
    load: `await import('nestjs-push')`,
    configurations: ['tsconfig.json'],
    reply: { event: 'push:ok', data: '7 said hi' },
  },
];

describeWithRegistry(`the tarball in a host${absence}`, () => {
  let tarball: Tarball;

  beforeAll(async () => {
    tarball = await Tarball.pack();
  }, 120_000);

  afterAll(() => tarball.remove());

  describe.each(hosts)('$name', ({ name, nest, load, configurations, reply }) => {
    let host: InstalledHost;
    let program: ChildProgram;
    let url: string;
    let client: WsClient;

    beforeAll(async () => {
      host = await InstalledHost.install(name, tarball);
    }, 300_000);

    afterAll(async () => {
      await program?.stop();
      await host?.remove();
    });

    it(`has Nest ${nest}`, async () => {
      const script = `console.log(require('@nestjs/core/package.json').version.split('.')[0])`;
      expect(await host.evaluate(script)).toBe(nest);
    });

    it('loads the main entry, without a warning and without a driver installed', async () => {
      const script = `(async () => {
        const { PushModule } = ${load};
        console.log(typeof PushModule, require('node:fs').existsSync('node_modules/ioredis'));
      })()`;
      expect(await host.evaluate(script)).toBe('function false');
    });

    it.each(configurations)(
      'compiles with %s, libraries checked',
      async (configuration) => {
        expect(await host.compile(configuration)).toEqual([]);
      },
      300_000,
    );

    it('starts and lets a user in', async () => {
      ({ program, url } = await host.start());
      client = await WsClient.connect(`${url.replace('http', 'ws')}/push/ws`, { token: signToken({ sub: '7' }) });
      expect(await client.next()).toMatchObject({ event: 'push:welcome', data: { userId: '7', transport: 'ws' } });
    }, 120_000);

    it('pushes what its own code sends', async () => {
      const response = await fetch(`${url}/orders/a1/ship`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ userId: '7' }),
      });
      expect(await response.json()).toMatchObject({ matched: { users: 1, connections: 1 } });
      expect(await client.next()).toMatchObject({ event: 'order.status', data: { orderId: 'a1', status: 'shipped' } });
    });

    it('pushes what comes in over REST', async () => {
      const response = await fetch(`${url}/push/users/7`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...bearer(signToken({ sub: 'shop', scope: 'push:send' })) },
        body: JSON.stringify({ event: 'hello', data: [1] }),
      });
      expect(response.status).toBe(202);
      expect(await client.next()).toMatchObject({ event: 'hello', data: [1] });
    });

    it('answers frames of its own', async () => {
      expect(await client.request('echo', 'hi')).toMatchObject(reply);
    });

    it('ends by itself and tells its clients so', async () => {
      program.signal('SIGTERM');
      expect(await client.end()).toMatchObject({ code: 1012 });
      expect(await program.ended).toEqual({ code: null, signal: 'SIGTERM' });
      expect(program.stderr).toBe('');
    });
  });
});
