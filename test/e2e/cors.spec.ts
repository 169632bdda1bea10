import { afterEach, describe, expect, it } from '@jest/globals';
import type { INestApplication } from '@nestjs/common';
import { ask } from '../support/http-request.js';
import type { HttpAnswer } from '../support/http-request.js';
import { PLATFORMS, PushApp } from '../support/push-app.js';
import { bearer, signToken } from '../support/tokens.js';

const SHOP = 'https://shop.example';
const ROUTES = [
  ['GET', 'sse'],
  ['GET', 'poll?wait=0'],
  ['GET', 'handshake'],
  ['POST', 'ticket'],
  ['POST', 'upstream'],
] as const;

let app: PushApp;

afterEach(() => app.close());

function request(method: string, path: string, headers: Readonly<Record<string, string>>): Promise<HttpAnswer> {
  return ask(`${app.origin}/push/${path}`, { method, headers, onlyHead: true });
}

function preflight(path: string, method: string, origin = SHOP) {
  return request('OPTIONS', path, {
    origin,
    'access-control-request-method': method,
    'access-control-request-headers': 'authorization,push-connection',
  });
}

describe.each(PLATFORMS)('CORS on %s', (platform) => {
  const start = async (configure: (host: INestApplication) => void = () => {}) => {
    app = await PushApp.start({ platform, push: { origins: [SHOP] }, configure });
  };

  it.each(ROUTES)('lets a page of a listed origin read %s /push/%s', async (method, path) => {
    await start();
    const { headers } = await request(method, path, { origin: SHOP, ...bearer(signToken()) });
    expect(headers['access-control-allow-origin']).toBe(SHOP);
    expect(headers['access-control-allow-credentials']).toBe('true');
    expect(headers['access-control-expose-headers']).toBe('Retry-After, WWW-Authenticate');
    expect(headers.vary).toBe('Origin');
  });

  it.each(ROUTES)('lets it read why %s /push/%s was refused', async (method, path) => {
    await start();
    const { status, headers } = await request(method, path, { origin: SHOP });
    expect([status, headers['access-control-allow-origin']]).toEqual([401, SHOP]);
  });

  it('lets it read that nothing is opened for a HEAD', async () => {
    await start();
    const { status, headers } = await request('HEAD', 'sse', { origin: SHOP });
    expect([status, headers['access-control-allow-origin']]).toEqual([405, SHOP]);
  });

  it.each(ROUTES)('answers the preflight of %s /push/%s', async (method, path) => {
    await start();
    const { status, headers } = await preflight(path, method);
    expect(status).toBe(204);
    expect(headers['access-control-allow-origin']).toBe(SHOP);
    expect(headers['access-control-allow-methods']).toBe(method);
    expect(headers['access-control-allow-headers']).toBe(
      'Authorization, Content-Type, Last-Event-ID, Push-Connection, Cache-Control',
    );
    expect(Number(headers['access-control-max-age'])).toBeGreaterThan(0);
  });

  it.each(ROUTES)('lets no page of another origin read %s /push/%s', async (method, path) => {
    await start();
    const origin = 'https://evil.example';
    const { status, headers } = await request(method, path, { origin, ...bearer(signToken()) });
    expect([status, headers['access-control-allow-origin']]).toEqual([403, undefined]);
    const answer = await preflight(path, method, origin);
    expect(answer.headers['access-control-allow-origin']).toBeUndefined();
    expect(answer.headers['access-control-allow-methods']).toBeUndefined();
  });

  it('says nothing to a request without an origin but that the answer depends on it', async () => {
    await start();
    const { headers } = await request('GET', 'poll?wait=0', bearer(signToken()));
    expect([headers['access-control-allow-origin'], headers.vary]).toEqual([undefined, 'Origin']);
  });

  it.each(ROUTES)('of the host is left alone on %s /push/%s', async (method, path) => {
    await start((host) => host.enableCors({ origin: SHOP, exposedHeaders: ['X-Of-Host'] }));
    const { headers } = await request(method, path, { origin: SHOP, ...bearer(signToken()) });
    expect(headers['access-control-allow-origin']).toBe(SHOP);
    expect(headers['access-control-expose-headers']).toBe('X-Of-Host');
    expect((headers.vary ?? '').split('Origin').length).toBeLessThanOrEqual(2);
    const answer = await preflight(path, method);
    expect(answer.status).toBe(204);
    expect(answer.headers['access-control-allow-origin']).toBe(SHOP);
  });

  it('of the host for other origins is added to, not doubled', async () => {
    await start((host) => host.enableCors({ origin: ['https://other.example'] }));
    const { headers } = await request('GET', 'poll?wait=0', { origin: SHOP, ...bearer(signToken()) });
    expect(headers['access-control-allow-origin']).toBe(SHOP);
    expect(headers.vary).toBe('Origin');
  });
});
