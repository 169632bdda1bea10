import { PushAuthenticator } from './push-authenticator.js';

/** Refuses every token: what holds where no way to check one is configured. There are no anonymous connections. */
export class RefusingAuthenticator extends PushAuthenticator {
  override authenticate(): Promise<undefined> {
    return Promise.resolve(undefined);
  }
}
