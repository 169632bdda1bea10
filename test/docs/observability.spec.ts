/** docs/observability.md: its snippets run, with the real `@nestjs/terminus`, and its tables hold what the code has. */
import { afterEach, describe, expect, it } from '@jest/globals';
import { TerminusModule } from '@nestjs/terminus';
import { memory, PushHealth } from '../../src/index.js';
import type { BackingFactory, BackingState } from '../../src/index.js';
import { DrainService } from '../../src/push/drain.service.js';
import { eventually } from '../support/eventually.js';
import { PLATFORMS, PushApp } from '../support/push-app.js';
import { Markdown, plain } from './markdown.js';
import { AuditService } from './snippets/audit.service.js';
import { ReadinessController } from './snippets/readiness.controller.js';

let server: PushApp | undefined;

afterEach(async () => {
  await server?.close();
  server = undefined;
});

/** A backing whose state a test sets. */
function ailing(state: () => BackingState): BackingFactory {
  const inner = memory();
  const create: BackingFactory['create'] = (context) => {
    const backing = inner.create(context);
    Object.defineProperty(backing, 'state', { get: state });
    return backing;
  };
  return { name: 'ailing', create };
}

describe.each(PLATFORMS)('a terminus health check on %s', (platform) => {
  it('is up, stays up while the backing is away, and is down once the end has begun', async () => {
    let state: BackingState = { status: 'up' };
    const app = (server = await PushApp.start({
      platform,
      push: { backing: ailing(() => state) },
      metadata: { imports: [TerminusModule.forRoot({ logger: false })], controllers: [ReadinessController] },
    }));
    const ask = async () => {
      const response = await fetch(`${app.origin}/health/ready`);
      const { details } = (await response.json()) as { readonly details: unknown };
      return [response.status, details, app.app.get(PushHealth).readiness];
    };

    expect(await ask()).toEqual([200, { push: { status: 'up', state: 'ready' } }, { status: 'ready' }]);

    const reason = 'Redis is out of reach';
    state = { status: 'degraded', reason };
    expect(await ask()).toEqual([
      200,
      { push: { status: 'up', state: 'degraded', reason } },
      { status: 'degraded', reason },
    ]);

    app.app.get(DrainService).begin();
    expect(await ask()).toEqual([503, { push: { status: 'down', state: 'draining' } }, { status: 'draining' }]);
  });
});

it('an audit service hears of sends and of connections that are ended', async () => {
  const app = (server = await PushApp.start({ metadata: { providers: [AuditService] } }));
  const { records } = app.app.get(AuditService);
  await app.connect('7');
  await app.push.toUser('7', 'order.status', { status: 'shipped' }, { by: 'editor' });
  await app.push.disconnect({ user: '7' }, { reason: 'enough' });
  await eventually(() => records.length === 2, { what: 'both records' });
  expect(records).toEqual(['editor sent order.status to {"users":["7"]}', '7 was disconnected by disconnect: enough']);
});

describe('the table of events', () => {
  const source = Markdown.read('src/core/lifecycle-events.ts').text;
  const rows = Markdown.read('docs/observability.md').rows('event', 'when', 'holds');

  it('has every event, with every member that it holds', () => {
    const names = [
      ...(/interface PushLifecycleEvents \{([^}]*)\}/.exec(source)?.[1]?.matchAll(/readonly (\w+): (\w+)/g) ?? []),
    ];
    const declared = names.map(([, name = '', type = '']) => {
      const body = new RegExp(`interface ${type} \\{([\\s\\S]*?)\\n\\}`).exec(source)?.[1] ?? '';
      return [name, [...body.matchAll(/^ {2}readonly (\w+)/gm)].map(([, member = '']) => member).toSorted()];
    });
    expect(declared.length).toBe(5);
    expect(rows.map((row) => [plain(row['event']), plain(row['holds']).split(' ').toSorted()])).toEqual(declared);
  });
});
