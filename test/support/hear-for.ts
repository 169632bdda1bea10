import type { Audience, MessageLog } from '../../src/backing/message-log.interface.js';
import { eventually } from './eventually.js';

/** Has a node without connections attend an audience, and waits until it hears for it. */
export async function hearFor(log: MessageLog, audience: Audience): Promise<void> {
  log.attend('user', audience.userId);
  for (const group of audience.groups) log.attend('group', group);
  await eventually(async () => {
    const hears = log.hears(audience);
    if (hears === true) return true;
    await hears;
    return false;
  });
}
