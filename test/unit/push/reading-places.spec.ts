import { beforeEach, expect, it } from '@jest/globals';
import { FakeConnections } from '../../support/fake-connections.js';
import { FakeSessions } from '../../support/fake-sessions.js';
import { at, cursorAt, ScriptedLog, turn } from '../../support/scripted-log.js';
import { FakeTransport } from '../../../src/testing/fake-transport.js';

let log: ScriptedLog;
let fakes: FakeSessions;

beforeEach(() => {
  log = new ScriptedLog();
  fakes = new FakeSessions(new FakeConnections(), log);
  log.isFollowing = false;
});

it.each([
  ['begins', undefined],
  ['comes back', cursorAt(3)],
])('lets one wait that %s while the log is out of reach, until it ends', async (_, cursor) => {
  const { places } = fakes.resumes;
  const { connection } = fakes.sessions.open(fakes.admission({}, { cursor }), new FakeTransport());
  await turn();
  expect(places.waitingCount).toBe(1);

  fakes.sessions.ended(connection);
  expect(places.waitingCount).toBe(0);
});

it('lets nobody wait who has ended', async () => {
  const { places } = fakes.resumes;
  const { connection } = fakes.sessions.open(fakes.admission(), new FakeTransport());
  fakes.sessions.ended(connection);
  await turn();
  places.wait(connection, at(1));
  expect(places.waitingCount).toBe(0);
});
