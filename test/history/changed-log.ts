import { setTimeout as sleep } from 'node:timers/promises';
import type { BackingFactory } from '../../src/backing/backing.interface.js';
import { memory } from '../../src/backing/memory/memory-backing.js';
import type { LogPage, MessageLog, ReplayRequest } from '../../src/backing/message-log.interface.js';
import type { SeededRandom } from './seeded-random.js';

/** What a test does to the log. */
export interface LogChange {
  readonly publish?: (log: MessageLog, ...args: Parameters<MessageLog['publish']>) => ReturnType<MessageLog['publish']>;
  readonly read?: (log: MessageLog, request: ReplayRequest) => Promise<LogPage>;
}

/** A memory backing whose log goes wrong, or slow, in one way. */
export function memoryWith({ publish, read }: LogChange): BackingFactory {
  const inner = memory();
  return {
    name: 'memory, changed for a test',
    create(context) {
      const backing = inner.create(context);
      const { log } = backing;
      const changed: MessageLog = {
        get position() {
          return log.position;
        },
        get isFollowing() {
          return log.isFollowing;
        },
        attend: (kind, name) => log.attend(kind, name),
        leave: (kind, name) => log.leave(kind, name),
        hears: (audience) => log.hears(audience),
        joiningPlace: (group) => log.joiningPlace(group),
        follow: (follower) => log.follow(follower),
        publish: (content, routing) => (publish ? publish(log, content, routing) : log.publish(content, routing)),
        read: (request) => (read ? read(log, request) : log.read(request)),
      };
      return { ...backing, log: changed };
    },
  };
}

/** Longest time that a slow log takes before it looks, and again before it answers, in milliseconds. */
const SLOW_MS = 12;

/**
 * A log that answers as one across a network does: a while after it was asked, and with what it held a while ago. Holes
 * and repeats between replay and live messages show only here.
 */
export function slowly(random: SeededRandom, read = (log: MessageLog, request: ReplayRequest) => log.read(request)) {
  return async (log: MessageLog, request: ReplayRequest): Promise<LogPage> => {
    await sleep(random.between(0, SLOW_MS));
    const page = await read(log, request);
    await sleep(random.between(0, SLOW_MS));
    return page;
  };
}
