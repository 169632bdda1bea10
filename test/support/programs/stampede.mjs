/**
 * A crowd that comes at once: so many WebSocket clients, in turn to each of the ports, who come back when they are told
 * to. Prints one line of JSON when all are in: how many, how often they were refused, and how often without being told
 * when to come back.
 */
import { connect } from 'node:net';

const { STAMPEDE_PORTS = '', STAMPEDE_CLIENTS = '1000', STAMPEDE_TOKENS = '' } = process.env;
const ports = STAMPEDE_PORTS.split(',').map(Number);
const tokens = STAMPEDE_TOKENS.split(',');
const clients = Number(STAMPEDE_CLIENTS);

let inside = 0;
let refused = 0;
let untold = 0;
let broken = 0;
const sockets = new Set();

for (let client = 0; client < clients; client++) knock(client);

function knock(client) {
  const socket = connect(ports[client % ports.length], '127.0.0.1');
  let answer = '';
  let isAnswered = false;
  const comeBack = (seconds) => {
    if (isAnswered) return;
    isAnswered = true;
    socket.destroy();
    setTimeout(() => knock(client), seconds * 1_000 + Math.random() * 200);
  };
  const hear = (chunk) => {
    answer += chunk.toString('latin1');
    if (!answer.includes('\r\n\r\n')) return;
    socket.off('data', hear);
    if (answer.startsWith('HTTP/1.1 101 ')) {
      isAnswered = true;
      sockets.add(socket.on('data', () => {}));
      if (++inside === clients) finish();
      return;
    }
    refused++;
    const seconds = Number(/^retry-after: (\d+)\r$/im.exec(answer)?.[1] ?? Number.NaN);
    if (!(seconds >= 1)) untold++;
    comeBack(seconds >= 1 ? seconds : 1);
  };
  socket.on('data', hear);
  // A full backlog is no answer of the server.
  socket.on('error', () => {});
  socket.on('close', () => {
    if (isAnswered) return;
    broken++;
    comeBack(1);
  });
  const lines = [
    'GET /push/ws HTTP/1.1',
    'Host: localhost',
    'Upgrade: websocket',
    'Connection: Upgrade',
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
    'Sec-WebSocket-Version: 13',
    `Authorization: Bearer ${tokens[client % tokens.length]}`,
  ];
  socket.write(`${lines.join('\r\n')}\r\n\r\n`);
}

function finish() {
  console.log(JSON.stringify({ inside, refused, untold, broken }));
  for (const socket of sockets) socket.destroy();
}
