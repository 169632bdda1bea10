import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { StartedServer } from './conformance-server.js';
import { bearer, exchange } from './http-exchange.js';
import type { Answer, Headers, Query } from './http-exchange.js';
import type { Rules } from './suite.js';

const LISTED = 'https://shop.example';
const FOREIGN = 'https://evil.example';

const ROUTES: readonly { method: string; path: string; query?: Query; body?: string }[] = [
  { method: 'GET', path: '/push/sse' },
  { method: 'GET', path: '/push/poll', query: { wait: '0' } },
  { method: 'POST', path: '/push/upstream', body: '{"event":"push:ping"}' },
  { method: 'GET', path: '/push/handshake' },
  { method: 'POST', path: '/push/ticket' },
];

const wordsOf = (header: string | undefined) => (header ?? '').toLowerCase().split(/\s*,\s*/);

/** Section "Other origins". */
export const describeCors: Rules = (target) => {
  describe('pages of other origins', () => {
    let server: StartedServer;
    beforeAll(async () => {
      server = await target.start({ origins: [LISTED, 'https://*.shop.example'] });
    });
    afterAll(() => server.stop());

    const ask = (route: (typeof ROUTES)[number], headers: Headers) =>
      exchange(server, { ...route, headers: { 'content-type': 'application/json', ...headers } });
    const preflight = (path: string, method: string, origin: string) =>
      exchange(server, {
        method: 'OPTIONS',
        path,
        headers: {
          origin,
          'access-control-request-method': method,
          'access-control-request-headers': 'authorization,content-type,push-connection',
        },
      });
    const expectAllowed = ({ headers }: Answer, origin: string) => {
      expect(headers['access-control-allow-origin']).toBe(origin);
      expect(headers['access-control-allow-credentials']).toBe('true');
      expect(wordsOf(headers.vary)).toContain('origin');
    };

    describe.each(ROUTES)('$method $path', (route) => {
      it('answers a listed origin so that its page may read it', async () => {
        const answer = await ask(route, { ...bearer(server), origin: LISTED });
        expect(answer.status).toBeLessThan(300);
        expectAllowed(answer, LISTED);
        expect(wordsOf(answer.headers['access-control-expose-headers'])).toEqual(
          expect.arrayContaining(['retry-after', 'www-authenticate']),
        );
      });

      it('lets such a page read a refusal, too', async () => {
        const answer = await ask(route, { origin: 'https://eu.shop.example', authorization: 'Bearer junk' });
        expect(answer.status).toBe(401);
        expectAllowed(answer, 'https://eu.shop.example');
      });

      it('answers its preflight', async () => {
        const answer = await preflight(route.path, route.method, LISTED);
        expect([answer.status, answer.text]).toEqual([204, '']);
        expectAllowed(answer, LISTED);
        expect(wordsOf(answer.headers['access-control-allow-methods'])).toContain(route.method.toLowerCase());
        expect(wordsOf(answer.headers['access-control-allow-headers'])).toEqual(
          expect.arrayContaining([
            'authorization',
            'content-type',
            'last-event-id',
            'push-connection',
            'cache-control',
          ]),
        );
        expect(Number(answer.headers['access-control-max-age'])).toBeGreaterThan(0);
      });

      it('tells a foreign origin nothing', async () => {
        const answers = [
          await ask(route, { ...bearer(server), origin: FOREIGN }),
          await preflight(route.path, route.method, FOREIGN),
        ];
        expect(answers[0]?.status).toBe(403);
        for (const { headers } of answers) {
          expect(headers['access-control-allow-origin']).toBeUndefined();
          expect(headers['access-control-allow-headers']).toBeUndefined();
        }
      });

      it('says without an origin that the answer depends on it', async () => {
        const answer = await ask(route, bearer(server));
        expect(answer.headers['access-control-allow-origin']).toBeUndefined();
        expect(wordsOf(answer.headers.vary)).toContain('origin');
      });
    });
  });
};
