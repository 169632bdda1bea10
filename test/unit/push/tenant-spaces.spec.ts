import { beforeEach, describe, expect, it } from '@jest/globals';
import { DenyingAuthorizer } from '../../../src/auth/push-authorizer.js';
import { RefusingAuthenticator } from '../../../src/auth/refusing.authenticator.js';
import type { Backing } from '../../../src/backing/backing.interface.js';
import { memory } from '../../../src/backing/memory/memory-backing.js';
import { Telemetry } from '../../../src/core/telemetry.js';
import { resolveOptions } from '../../../src/push-options.resolver.js';
import { AccessService } from '../../../src/push/access.service.js';
import { EventPolicies } from '../../../src/push/event-policies.js';
import { EventCatalog } from '../../../src/push/events/event-catalog.js';
import { IncomingCheck } from '../../../src/push/events/incoming-check.js';
import { HeldGroups } from '../../../src/push/held-groups.js';
import { MessageStamper } from '../../../src/push/message-stamper.js';
import { TenantSpaces } from '../../../src/push/tenant-spaces.js';
import { UserFrameRate } from '../../../src/push/user-frame-rate.js';
import { FakeTransport } from '../../../src/testing/fake-transport.js';
import { FakeConnections } from '../../support/fake-connections.js';

const HISTORY_SECONDS = 120;

let fakes: FakeConnections;
let released: string[];
let spaces: TenantSpaces;

/** The backing in memory, and which tenants' stores were released. */
function watched(backing: Backing): Backing {
  return {
    ...backing,
    of: (tenant) => {
      const stores = backing.of(tenant);
      return { ...stores, release: () => (released.push(tenant), stores.release()) };
    },
  };
}

function open(maxIdleTenants = 1_000): void {
  fakes = new FakeConnections();
  released = [];
  const { clock, scheduler, pipes } = fakes;
  const options = { ...resolveOptions({ historySeconds: HISTORY_SECONDS }), maxIdleTenants };
  const { idempotency, revocations, tickets } = options;
  const onFailure = () => undefined;
  const context = { nodeId: 'n', clock, history: options, idempotency, revocations, tickets, onFailure };
  const backing = watched(memory().create(context));
  spaces = new TenantSpaces({
    backing,
    clock,
    nodeId: 'n',
    scheduler,
    pipes,
    access: new AccessService(new RefusingAuthenticator(), backing.revocations, clock, 5_000),
    authorizer: new DenyingAuthorizer(),
    stamper: new MessageStamper(clock, 'n'),
    frameRate: new UserFrameRate(backing.limits.rates, options),
    telemetry: new Telemetry(),
    policies: new EventPolicies(options.events),
    incoming: new IncomingCheck(new EventCatalog([]), clock, options),
    options,
    onFailure,
  });
}

function connect(tenant: string): FakeTransport {
  const space = spaces.enter(tenant);
  const transport = new FakeTransport();
  const expiresAtMs = fakes.clock.now() + 3_600_000;
  const { connection } = space.sessions.open(
    {
      type: 'admitted',
      principal: { userId: '7', tenant, groups: [], scopes: [], expiresAtMs },
      address: '127.0.0.1',
      requestId: undefined,
      cursor: undefined,
      heldGroups: HeldGroups.of('7', { held: [], revision: 0 }),
      grantedGroups: [],
      refusedGroups: [],
    },
    transport,
  );
  space.leave();
  transport.onEnd = () => space.sessions.ended(connection);
  return transport;
}

beforeEach(() => open());

describe('TenantSpaces', () => {
  it('has one space for each name, whatever it is, and one for the default tenant', () => {
    const names = ['a', 'A', 'a:b', '__proto__', 'constructor', 'undefined', 'é', 'e\u0301'];
    const found = new Set([undefined, ...names].map((name) => spaces.of(name)));
    expect(found.size).toBe(names.length + 1);
    for (const name of names) expect(spaces.of(name).tenant).toBe(name);
    expect(spaces.of(undefined)).toBe(spaces.home);
    expect(spaces.size).toBe(names.length + 1);
  });

  it('keeps a space while somebody is connected, and counts all pipes of the process', () => {
    const transport = connect('acme');
    connect('other');
    fakes.clock.advance(HISTORY_SECONDS * 10_000);
    spaces.sweep(fakes.clock.now());
    expect([spaces.size, fakes.pipes.count]).toEqual([3, 2]);
    transport.terminate();
    expect([spaces.of('acme').registry.size, fakes.pipes.count]).toEqual([0, 1]);
  });

  it('keeps a space while something is under way', () => {
    const space = spaces.enter('acme');
    fakes.clock.advance(HISTORY_SECONDS * 10_000);
    spaces.sweep(fakes.clock.now());
    expect(spaces.find('acme')).toBe(space);
    space.leave();
    expect(spaces.find('acme')).toBe(space);
  });

  it('lets a space go when it was idle for as long as messages are kept', () => {
    connect('acme').terminate();
    fakes.clock.advance(HISTORY_SECONDS * 1_000 - 1);
    spaces.sweep(fakes.clock.now());
    expect(released).toEqual([]);
    fakes.clock.advance(1);
    spaces.sweep(fakes.clock.now());
    expect([released, spaces.size, spaces.find('acme')]).toEqual([['acme'], 1, undefined]);
  });

  it('counts the time from when it was needed last', () => {
    spaces.enter('acme').leave();
    fakes.clock.advance(HISTORY_SECONDS * 999);
    spaces.enter('acme').leave();
    fakes.clock.advance(HISTORY_SECONDS * 999);
    spaces.sweep(fakes.clock.now());
    expect(spaces.find('acme')).toBeDefined();
  });

  it('lets those go that were idle longest when too many are', () => {
    open(2);
    const busy = spaces.enter('busy');
    for (const tenant of ['a', 'b', 'c', 'a', 'd']) spaces.enter(tenant).leave();
    expect(released).toEqual(['a', 'b', 'c']);
    expect(spaces.find('busy')).toBe(busy);
    expect([spaces.find('a'), spaces.find('d')].every(Boolean)).toBe(true);
  });

  it('lets a connection of a space that was only asked for keep it', () => {
    open(0);
    const { sessions } = spaces.of('acme');
    connect('acme');
    expect([spaces.of('acme').sessions === sessions, released]).toEqual([true, []]);
  });

  it('holds nothing of ten thousand tenants that came and went', async () => {
    open(100);
    for (let index = 0; index < 10_000; index++) {
      const transport = connect(`t${index}`);
      const space = spaces.enter(`t${index}`);
      await space.publisher.publish({ users: ['7'] }, { event: 'e', dataText: '1' });
      space.leave();
      transport.terminate();
    }
    expect([spaces.size, fakes.pipes.count]).toEqual([101, 0]);
    fakes.clock.advance(HISTORY_SECONDS * 1_000);
    spaces.sweep(fakes.clock.now());
    expect([spaces.size, released.length]).toEqual([1, 10_000]);
  });

  it('gives the handlers of the application to spaces that are there and to those that come', () => {
    const before = spaces.of('before');
    const handlers = {
      handles: () => true,
      handle: async () => undefined,
      connected: () => undefined,
      disconnected: () => undefined,
    };
    spaces.hostHandlers = handlers;
    expect([spaces.home, before, spaces.of('after')].map(({ frames }) => frames.hostHandlers)).toEqual([
      handlers,
      handlers,
      handlers,
    ]);
  });
});
