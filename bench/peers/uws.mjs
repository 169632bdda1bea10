/** uWebSockets.js: native `publish` to one topic for all and one topic per user. */
import uWS from 'uwebsockets';
import { PONG, announce, collect, drive, isPing, messageFiller, userOfBearer } from './peer.mjs';

const fill = messageFiller();
const app = uWS.App();

async function answer(response, handled) {
  await handled;
  if (!response.aborted) response.cork(() => response.writeStatus('202 Accepted').end('{}'));
}

/** Reads the whole body; an aborted request is forgotten. */
function withBody(response, handle) {
  const chunks = [];
  response.onAborted(() => (response.aborted = true));
  response.onData((chunk, isLast) => {
    chunks.push(Buffer.from(chunk.slice(0)));
    if (!isLast) return;
    void answer(response, handle(Buffer.concat(chunks)));
  });
}

function publish(topic, message) {
  app.publish(topic, JSON.stringify(fill(message)));
}

app.ws('/ws', {
  maxBackpressure: 1_048_576,
  sendPingsAutomatically: false,
  idleTimeout: 0,
  upgrade(response, request, context) {
    response.upgrade(
      { user: userOfBearer(request.getHeader('authorization')) },
      request.getHeader('sec-websocket-key'),
      request.getHeader('sec-websocket-protocol'),
      request.getHeader('sec-websocket-extensions'),
      context,
    );
  },
  open(socket) {
    socket.subscribe('all');
    const { user } = socket.getUserData();
    if (user !== undefined) socket.subscribe(user);
  },
  message(socket, bytes) {
    if (isPing(Buffer.from(bytes))) socket.send(PONG);
  },
});
app.post('/broadcast', (response) => withBody(response, (body) => publish('all', JSON.parse(body))));
app.post('/users/:user', (response, request) => {
  const user = request.getParameter(0);
  withBody(response, (body) => publish(user, JSON.parse(body)));
});
app.post('/drive', (response) =>
  withBody(response, (body) => {
    const order = JSON.parse(body);
    const text = JSON.stringify(fill({ event: order.event, data: order.data }));
    return drive((user) => app.publish(user, text), order);
  }),
);
app.post('/collect', (response) => withBody(response, collect));
app.listen('127.0.0.1', 0, (socket) => announce(uWS.us_socket_local_port(socket)));
