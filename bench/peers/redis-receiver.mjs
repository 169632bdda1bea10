/**
 * What hears messages: a node's backing by itself, or the driver alone on the channels of such a node. Both only count.
 */
import { Redis } from 'ioredis';
import { openNode } from './redis-context.mjs';
import { serve, until } from './worker.mjs';

let received = 0;
let usage = process.cpuUsage();
let end = async () => {};
const subscriptions = [];

serve({ follow, listen, begin, finish, close: () => end() });

/** A node with somebody for these users. Answers on which channels it hears. */
async function follow({ options, users }) {
  noteSubscriptions();
  const audience = new Set(users);
  const node = await openNode(options, {
    deliver: () => void received++,
    reaches: (target) => target.all === true || target.users?.some((user) => audience.has(user)) === true,
  });
  await node.attend(users);
  end = () => node.close();
  return subscriptions;
}

/** The driver alone. */
async function listen({ url, channels }) {
  const driver = new Redis(url);
  driver.on('message', () => received++);
  driver.on('smessage', () => received++);
  for (const [command, ...names] of channels) await driver[command](...names);
  end = async () => driver.disconnect();
}

function noteSubscriptions() {
  const { sendCommand } = Redis.prototype;
  Redis.prototype.sendCommand = function (command, ...rest) {
    if (command.name === 'subscribe' || command.name === 'ssubscribe')
      subscriptions.push([command.name, ...command.args.map(String)]);
    return sendCommand.call(this, command, ...rest);
  };
}

function begin() {
  globalThis.gc?.();
  received = 0;
  usage = process.cpuUsage();
}

/** Waits for so many messages, and says what they cost this process. */
async function finish({ count }) {
  await until(() => received >= count);
  const { user, system } = process.cpuUsage(usage);
  return { cpuUs: user + system, received };
}
