/**
 * No server that anyone would run, but what Node itself costs: the frame is made once and handed to `socket.write` in a
 * loop. Nothing is looked up, bounded, counted or kept. What a server on Node costs beyond this is its own.
 */
import { WebSocketServer } from 'ws';
import { messageFiller, startHttpServer } from './peer.mjs';

const FINAL_TEXT_FRAME = 0x81;
const LENGTH_16_BIT = 126;
const LARGEST_7_BIT_LENGTH = 125;

/** RFC 6455 section 5.2, for texts of up to 65,535 bytes. */
function frameOf(text) {
  const payload = Buffer.from(text);
  const isShort = payload.length <= LARGEST_7_BIT_LENGTH;
  const header = Buffer.alloc(isShort ? 2 : 4);
  header[0] = FINAL_TEXT_FRAME;
  header[1] = isShort ? payload.length : LENGTH_16_BIT;
  if (!isShort) header.writeUInt16BE(payload.length, 2);
  return Buffer.concat([header, payload]);
}

const fill = messageFiller();
let sockets = [];
const server = startHttpServer({
  broadcast(message) {
    const frame = frameOf(JSON.stringify(fill(message)));
    for (let index = 0; index < sockets.length; index++) sockets[index].write(frame);
  },
});

const webSockets = new WebSocketServer({ noServer: true, clientTracking: false, perMessageDeflate: false });
server.on('upgrade', (request, socket, head) => {
  webSockets.handleUpgrade(request, socket, head, (client) => {
    sockets.push(socket);
    client.on('error', () => client.terminate());
    client.on('close', () => (sockets = sockets.filter((other) => other !== socket)));
  });
});
