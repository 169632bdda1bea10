import { describe, expect, it } from '@jest/globals';
import { PushApp } from '../support/push-app.js';
import { RecordingLogger } from '../support/recording-logger.js';

describe('the options of metrics', () => {
  it('are told one by one where they are wrong', async () => {
    const logger = new RecordingLogger();
    const metrics = {
      path: 'metrics',
      prefix: '1-',
      registry: {},
      defaultMetrics: 1,
      events: ['a', 'push:x', 'x y', 5],
      colour: 1,
    };
    await expect(PushApp.start({ push: { metrics: metrics as never }, nest: { logger } })).rejects.toThrow(
      [
        'PushModule cannot start with these options:',
        '  metrics.path: received "metrics", expected an absolute path such as /metrics, or false',
        '  metrics.prefix: received "1-", expected a prefix of metric names, such as push_',
        '  metrics.registry: received an object, expected a Registry of prom-client',
        '  metrics.defaultMetrics: received 1, expected true or false',
        '  metrics.events[1]: received "push:x", expected a name that an application may send',
        '  metrics.events[2]: received "x y", expected a name that an application may send',
        '  metrics.events[3]: received 5, expected a name that an application may send',
        '  metrics.colour: received an option, expected no option of this name',
      ].join('\n'),
    );
  });

  it.each([
    ['news', '"news"'],
    [Array.from({ length: 101 }, (_, index) => `e${index}`), 'a list of 101'],
  ])('have a list of at most a hundred events: %p', async (events, received) => {
    await expect(PushApp.start({ push: { metrics: { events: events as never } } })).rejects.toThrow(
      `metrics.events: received ${received}, expected a list of at most 100 event names`,
    );
  });

  it('have no path that another part has', async () => {
    await expect(PushApp.start({ push: { metrics: { path: '/push/ws' } } })).rejects.toThrow(
      "metrics.path: received '/push/ws', expected another path than paths.ws",
    );
  });
});
