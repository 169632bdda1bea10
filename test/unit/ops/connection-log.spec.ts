import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import type { LogLevel } from '@nestjs/common';
import type { LifecycleListeners } from '../../../src/core/lifecycle-events.js';
import { ConnectionLog } from '../../../src/ops/connection-log.js';
import { ManualClock } from '../../../src/testing/index.js';

afterEach(() => {
  jest.restoreAllMocks();
});

/** What is listened for where Nest calls these levels enabled. */
function heardWith(...levels: readonly LogLevel[]): readonly string[] {
  jest.spyOn(Logger, 'isLevelEnabled').mockImplementation((level) => levels.includes(level));
  const listeners: LifecycleListeners = {};
  new ConnectionLog(new ManualClock()).listen(listeners, { logConnections: true });
  return Object.keys(listeners);
}

describe('the log of connections', () => {
  it('listens for what is written', () => {
    expect(heardWith('debug', 'log', 'fatal')).toEqual(['disconnected', 'refused']);
    expect(heardWith('log', 'fatal')).toEqual(['disconnected']);
  });

  it('listens for nothing where neither is written', () => {
    expect(heardWith('error', 'fatal')).toEqual([]);
  });

  it('listens where no level was ever set, all of which Nest 11 calls disabled and writes', () => {
    expect(heardWith()).toEqual(['disconnected', 'refused']);
  });
});
