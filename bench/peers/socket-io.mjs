/** Socket.IO with its WebSocket transport alone: `io.emit` and a room per user, as its documentation shows. */
import { Server } from 'socket.io';
import { messageFiller, startHttpServer, userOfBearer } from './peer.mjs';

/** A packet is `42["bench",{…}]`: the brackets, the quotes and the name go round the JSON text of the data. */
const fill = messageFiller('42["bench",]'.length);
const server = startHttpServer({
  broadcast: ({ event, data }) => void io.emit(event, fill(data)),
  toUser: (user, { event, data }) => void io.to(user).emit(event, fill(data)),
  driven:
    ({ event, data }) =>
    (user) =>
      void io.to(user).emit(event, fill(data)),
});

const io = new Server(server, { path: '/ws', transports: ['websocket'], serveClient: false, perMessageDeflate: false });
io.on('connection', (socket) => {
  const user = userOfBearer(socket.handshake.headers.authorization);
  if (user !== undefined) void socket.join(user);
  socket.on('push:ping', () => socket.emit('push:pong'));
});
