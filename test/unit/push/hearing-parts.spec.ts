import { beforeEach, describe, expect, it } from '@jest/globals';
import { Hearing } from '../../../src/push/hearing.js';
import { FakeConnections } from '../../support/fake-connections.js';
import { ScriptedLog } from '../../support/scripted-log.js';

let fakes: FakeConnections;
let log: ScriptedLog;

beforeEach(() => {
  fakes = new FakeConnections();
  log = new ScriptedLog();
});

describe('whether a node hears for a connection', () => {
  it('is undecided while what others said of memberships is yet to be heard', async () => {
    let catchUp = (): void => {};
    let joining: Promise<void> | undefined = new Promise((resolve) => (catchUp = resolve));
    const hearing = new Hearing({ log, registry: fakes.registry, nodes: { whenCaughtUp: () => joining } });
    const { connection } = fakes.connect();
    expect(hearing.of(connection)).toBe(joining);
    const settled = hearing.settled(connection);
    joining = undefined;
    catchUp();
    expect(await settled).toBe(true);
    expect(hearing.of(connection)).toBe(true);
  });

  it('is not so while the groups of the connection are not read', async () => {
    const { connection } = fakes.connect();
    connection.membershipsRevision = Number.POSITIVE_INFINITY;
    const hearing = new Hearing({ log, registry: fakes.registry });
    expect([hearing.of(connection), await hearing.settled(connection)]).toEqual([false, false]);
    expect(hearing.of(fakes.connect().connection)).toBe(true);
  });
});
