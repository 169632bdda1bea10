/** The doors of `peer.mjs` on a Nest application: raw routes of its Fastify instance, so that no Nest pipeline is in their cost. */
import { collect, drive } from './peer.mjs';

export function openDoors(app, hub) {
  const fastify = app.getHttpAdapter().getInstance();
  fastify.post('/broadcast', async (request, reply) => {
    await hub.broadcast(request.body);
    return reply.code(202).send({});
  });
  fastify.post('/users/:user', async (request, reply) => {
    await hub.toUser(request.params.user, request.body);
    return reply.code(202).send({});
  });
  fastify.post('/drive', async (request, reply) => {
    await drive(hub.driven(request.body), request.body);
    return reply.code(202).send({});
  });
  fastify.post('/memory', (request, reply) => {
    collect();
    return reply.code(200).send(process.memoryUsage());
  });
  fastify.post('/collect', (request, reply) => {
    collect();
    return reply.code(202).send({});
  });
}
