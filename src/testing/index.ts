/** What a host's own tests need. */
export type { FakeClientOptions } from './fake-handshake.js';
export { FakeTransport } from './fake-transport.js';
export { ManualClock } from './manual-clock.js';
export { FakeClient, PushRecorder } from './push-recorder.js';
export type { RecordedSend } from './push-recorder.js';
export { PushTestingModule } from './push-testing.module.js';
