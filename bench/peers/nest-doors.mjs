/**
 * The doors of `peer.mjs` on a Nest application: raw routes of its Fastify or Express instance, so that no Nest pipeline is
 * in their cost.
 */
import { collect, drive } from './peer.mjs';

export function openDoors(app, hub) {
  const mount = app.getHttpAdapter().getType() === 'express' ? mountOnExpress(app) : mountOnFastify(app);
  mount('/broadcast', async ({ body }) => {
    await hub.broadcast(body);
  });
  mount('/users/:user', async ({ params, body }) => {
    await hub.toUser(params.user, body);
  });
  mount('/drive', ({ body }) => drive(hub.driven(body), body));
  mount('/memory', async () => {
    collect();
    return process.memoryUsage();
  });
  mount('/collect', async () => collect());
}

const answerTo = async (open, request) => {
  const answer = await open(request);
  return answer === undefined ? { status: 202, body: {} } : { status: 200, body: answer };
};

const mountOnFastify = (app) => (path, open) => {
  const fastify = app.getHttpAdapter().getInstance();
  fastify.post(path, async (request, reply) => {
    const { status, body } = await answerTo(open, request);
    return reply.code(status).send(body);
  });
};

function mountOnExpress(app) {
  // Routes that are there before Nest has begun come before its own parser.
  app.useBodyParser('json');
  return (path, open) => {
    const express = app.getHttpAdapter().getInstance();
    express.post(path, (request, response, next) => {
      void answerTo(open, request)
        .then(({ status, body }) => response.status(status).json(body))
        .catch(next);
    });
  };
}
