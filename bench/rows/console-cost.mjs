/** What the admin console costs those who send: switched off, switched on while nobody looks, and while an operator looks. */
import { WebSocket } from 'ws';
import { PAYLOAD_BYTES } from '../runner/bench.mjs';
import { driveToUsers, publisherToken } from '../runner/inputs.mjs';
import * as m from '../runner/metrics.mjs';

const USERS = 1000;
const WATCHED = 'oursWatched';

/** Looks at the overview, as the page does. Resolves once the first report has come; answers how to stop. */
function watchConsole({ authority, contestant }) {
  const headers = { Authorization: `Bearer ${publisherToken()}` };
  const socket = new WebSocket(`ws://${authority}${contestant.subscribePath}`, 'push.v1', { headers });
  const view = JSON.stringify({ event: 'push:console', data: { action: 'view' }, ref: 'v' });
  return new Promise((resolve, reject) => {
    socket.once('error', reject);
    socket.once('close', () => reject(new Error('the console was not let in')));
    socket.once('open', () => socket.send(view));
    socket.addEventListener('message', ({ data }) => {
      if (typeof data !== 'string') return;
      if (data.includes('"push:error"')) reject(new Error(`the console was refused: ${data}`));
      if (data.includes('"push:console"')) resolve(() => socket.terminate());
    });
  });
}

/** What a run came to, over the two without a console before and after it. */
const overOff = ({ before, other, after }) =>
  (2 * m.cpuPerMessage(other)) / (m.cpuPerMessage(before) + m.cpuPerMessage(after));

export const consoleCostRow = {
  key: 'console-cost',
  title: 'What the admin console costs a send',
  about:
    'As `to-user`: from inside the server, eight users in each turn of the event loop. Whoever looks has the overview open over a ' +
    'WebSocket, and is brought a report a second.',
  columns: [m.cpuPerMessage, m.userShare, m.messagesPerSecond, m.lost, m.foreignUse],
  async run(bench) {
    const load = driveToUsers({ count: bench.size(200_000, 50_000), users: USERS, bytes: PAYLOAD_BYTES });
    const servers = {};
    let stopLooking;
    const { runs, sandwiches } = await bench.interleave({
      subject: 'ours',
      others: ['oursConsole', WATCHED],
      rounds: bench.size(5, 3),
      metric: m.cpuPerMessage,
      prepare: async (name) => {
        servers[name] = await bench.start(name, { addressesUsers: true });
        if (name === WATCHED) stopLooking = await watchConsole(servers[name]);
        await bench.load(servers[name], load);
      },
      measure: (name) => bench.load(servers[name], load),
    });
    stopLooking?.();
    for (const server of Object.values(servers)) await bench.stop(server);
    const target = (measure, name, atMost) => ({
      measure,
      unit: 'x',
      atMost,
      values: (sandwiches[name] ?? []).map(overOff),
    });
    return {
      runs,
      targets: [
        target('CPU per message while nobody looks, over no console', 'oursConsole', 1.03),
        target('CPU per message while an operator looks, over no console', WATCHED, 1.15),
      ],
    };
  },
};
