import { createServer } from 'node:http';
import type { Server } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import type { HttpServer } from '@nestjs/common';
import { afterEach, describe, expect, it } from '@jest/globals';
import { UntakenAnswers } from '../../../src/core/untaken-answers.js';
import type { Admission, HandshakeRequest } from '../../../src/push/admission.js';
import type { PollAnswer } from '../../../src/push/open-poll.js';
import type { TenantSpaces } from '../../../src/push/tenant-spaces.js';
import type { HttpEntrance, HttpRoute } from '../../../src/transports/http-entrance.js';
import { PushPollGateway } from '../../../src/transports/poll/push-poll.gateway.js';

let server: Server | undefined;

afterEach(() => {
  server?.close();
});

/** What a client gets on the wire whose poll is answered like this. */
async function received(answer: PollAnswer): Promise<unknown> {
  const routes: HttpRoute[] = [];
  const entrance = { open: (_adapter: HttpServer, route: HttpRoute) => void routes.push(route) };
  const open = (_admission: Admission, _waitMs: number, reply: (answer: PollAnswer) => void) => {
    reply(answer);
    return { abandon() {} };
  };
  const spaces = { of: () => ({ polls: { open } }) };
  new PushPollGateway(
    entrance as unknown as HttpEntrance,
    spaces as unknown as Pick<TenantSpaces, 'of'>,
    new UntakenAnswers(30_000),
  ).attach({} as HttpServer, '/push/poll');
  const admission = { principal: {} } as Admission;
  server = createServer((request, response) => {
    routes[0]?.enter({ request, response, parsedBody: undefined }, admission, {} as HandshakeRequest);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const response = await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
  return response.json();
}

describe('PushPollGateway', () => {
  it.each(['a"b', '\\', 'a,"more":true', '{}', '\u2028'])(
    'answers JSON that says the place as it is, also where the client made up %j',
    async (cursor) => {
      const answer = await received({ type: 'messages', messages: ['{"event":"a"}'], cursor, more: false });
      expect(answer).toEqual({ messages: [{ event: 'a' }], cursor, more: false });
    },
  );
});
