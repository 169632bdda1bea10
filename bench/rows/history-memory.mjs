/** What a stored message weighs: the process before and after its histories were filled through `PushService`. */
import { PAYLOAD_BYTES } from '../runner/bench.mjs';
import { stampedData } from '../runner/inputs.mjs';
import * as m from '../runner/metrics.mjs';

const MESSAGES = 100_000;
/** Before the first look: code is compiled and pools are made, none of which is a message's weight. */
const WARM_UP_MESSAGES = 20_000;

const FILLINGS = [
  { kind: '100 to each of 1,000 users', order: { users: 1000 } },
  { kind: '10 to each of 10,000 users', order: { users: 10_000 } },
  { kind: 'broadcasts', order: { users: 1, toAll: true }, push: { historyAllCount: MESSAGES } },
];

async function ask(server, path, body = {}) {
  const answer = await fetch(`http://${server.authority}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  if (!answer.ok) throw new Error(`${path} answered ${answer.status}: ${await answer.text()}`);
  return answer.json();
}

async function fill(bench, { order, push }) {
  const server = await bench.start('ours', { push });
  const message = { event: 'bench', data: stampedData(PAYLOAD_BYTES), perTurn: 8 };
  await ask(server, '/drive', { ...message, count: WARM_UP_MESSAGES, users: 1 });
  const before = await ask(server, '/memory');
  await ask(server, '/drive', { ...message, ...order, count: MESSAGES });
  const after = await ask(server, '/memory');
  await bench.stop(server);
  return {
    messages: MESSAGES,
    heapBytes: after.heapUsed + after.external - before.heapUsed - before.external,
    residentBytes: after.rss - before.rss,
    textBytes: bench.frameBytes,
  };
}

export const historyMemoryRow = {
  key: 'history-memory',
  title: 'Memory per stored message',
  about:
    `A fresh process for every run. ${MESSAGES.toLocaleString('en')} messages of ${PAYLOAD_BYTES} bytes of data are kept, sent in the ` +
    'process with nobody connected. Heap (with what it holds outside) and resident memory are read after a forced collection, ' +
    'before and after. Resident memory grows in steps, so heap is the steadier figure.',
  columns: [m.storedMessages, m.heapPerMessage, m.textPerMessage, m.residentPerMessage],
  async run(bench) {
    const runs = {};
    for (let round = 0; round < bench.size(3, 1) && bench.has('ours'); round++) {
      for (const filling of FILLINGS) {
        const report = await fill(bench, filling);
        (runs[`ours (${filling.kind})`] ??= []).push(report);
        bench.log(`  ${filling.kind}: ${m.heapPerMessage(report).toFixed(0)} ${m.heapPerMessage.name}`);
      }
    }
    return { runs, targets: [] };
  },
};
