/** One WebSocket client on each node, `n<number>` in group `g<number / 2>`, which count what they get. */
import { WebSocket } from 'ws';
import { serve, until } from './worker.mjs';

let clients = [];

serve({
  open,
  close,
  begin: () => clients.forEach((client) => (client.received = 0)),
  /** Waits for so many messages, over all clients, and says how many there are. */
  async finish({ count }) {
    const total = () => clients.reduce((sum, { received }) => sum + received, 0);
    await until(() => total() >= count).catch(() => {});
    return { received: total() };
  },
});

async function open({ ports, tokens, isSocketIo }) {
  clients = ports.map((port, number) => {
    const client = { received: 0, isReady: false };
    const query = `user=n${number}&group=g${number >> 1}`;
    const path = isSocketIo ? `/ws/?EIO=4&transport=websocket&${query}` : '/push/ws';
    const headers = isSocketIo ? {} : { authorization: `Bearer ${tokens[number]}` };
    client.socket = new WebSocket(`ws://127.0.0.1:${port}${path}`, { headers, perMessageDeflate: false });
    client.socket.on('message', (data) => take(client, data.toString()));
    return client;
  });
  await until(() => clients.every(({ isReady }) => isReady));
}

function take(client, text) {
  // Engine.IO says `0` first, and `2` now and then; `40` is the name space.
  if (text.startsWith('0{')) client.socket.send('40');
  else if (text === '2') client.socket.send('3');
  else if (text.startsWith('40') || text.includes('"push:welcome"')) client.isReady = true;
  else if (text.includes('"bench"')) client.received++;
}

function close() {
  for (const { socket } of clients) socket.terminate();
  clients = [];
}
