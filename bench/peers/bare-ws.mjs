/** Bare `ws`: one `send(string)` per client in a loop, as its own documentation shows a broadcast. */
import { createSecretKey } from 'node:crypto';
import { WebSocketServer } from 'ws';
import { PONG, isPing, messageFiller, settings, startHttpServer, userOfBearer } from './peer.mjs';

/**
 * Bare `ws` asks for no token; with `verify` it checks the bearer as this module does, for comparison. Only then is the
 * library loaded, whose memory is none of bare `ws`.
 */
async function tokenVerifier() {
  const { JwtService } = await import('@nestjs/jwt');
  const secret = createSecretKey(Buffer.from(settings.secret));
  const tokens = new JwtService({});
  return ({ req }) => {
    try {
      tokens.verify(req.headers.authorization.slice('Bearer '.length), { secret, algorithms: ['HS256'] });
      return true;
    } catch {
      return false;
    }
  };
}

const verifyClient = settings.verify ? await tokenVerifier() : undefined;
const users = new Map();
const fill = messageFiller();
const server = startHttpServer({
  broadcast(message) {
    const text = JSON.stringify(fill(message));
    for (const client of sockets.clients) client.send(text);
  },
  toUser(user, message) {
    users.get(user)?.send(JSON.stringify(fill(message)));
  },
  driven(message) {
    const text = JSON.stringify(fill({ event: message.event, data: message.data }));
    return (user) => users.get(user).send(text);
  },
});

const sockets = new WebSocketServer({ server, path: '/ws', perMessageDeflate: false, verifyClient });
sockets.on('connection', (client, request) => {
  const user = userOfBearer(request.headers.authorization);
  if (user !== undefined) {
    users.set(user, client);
    client.on('close', () => users.delete(user));
  }
  client.on('error', () => client.terminate());
  client.on('message', (data) => {
    if (isPing(data)) client.send(PONG);
  });
});
