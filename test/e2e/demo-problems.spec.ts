import { afterEach, describe, expect, it } from '@jest/globals';
import { Controller, type INestApplication, Module, Post, UseFilters } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { PushError } from 'nestjs-push';
import { ProblemFilter } from '../../demo/problem.filter.js';

/** What the route throws. */
let thrown: Error;

@Controller()
@UseFilters(ProblemFilter)
class FailingController {
  @Post()
  fail(): never {
    throw thrown;
  }
}

@Module({ controllers: [FailingController] })
class FailingModule {}

describe.each(['fastify', 'express'])('what the demo makes of a send that fails, on %s', (platform) => {
  let app: INestApplication | undefined;

  afterEach(async () => {
    await app?.close();
  });

  async function answerTo(error: Error): Promise<unknown[]> {
    thrown = error;
    app = await (platform === 'fastify'
      ? NestFactory.create(FailingModule, new FastifyAdapter(), { logger: false })
      : NestFactory.create(FailingModule, { logger: false }));
    await app.listen(0, '127.0.0.1');
    const response = await fetch(await app.getUrl(), { method: 'POST' });
    const { code, detail } = (await response.json()) as { code: string; detail: string };
    return [response.status, response.headers.get('content-type'), response.headers.get('retry-after'), code, detail];
  }

  const type = 'application/problem+json; charset=utf-8';

  it('says to come back when the error says so, in whole seconds', async () => {
    const error = new PushError('PUSH_ERR_PUBLISH_UNKNOWN', 'no answer', { retryAfterMs: 1_200 });
    expect(await answerTo(error)).toEqual([504, type, '2', 'publish_unknown', 'no answer']);
  });

  it('says to come back in a second where the error leaves open when', async () => {
    expect(await answerTo(new PushError('PUSH_ERR_UNAVAILABLE', 'away'))).toEqual([
      503,
      type,
      '1',
      'unavailable',
      'away',
    ]);
  });

  it('asks nobody to try again what will be refused again', async () => {
    const error = new PushError('PUSH_ERR_PAYLOAD_TOO_LARGE', 'too large');
    expect(await answerTo(error)).toEqual([413, type, null, 'payload_too_large', 'too large']);
  });
});
