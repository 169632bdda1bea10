import type { KeyObject } from 'node:crypto';
import type { NowOrLater } from '../core/now-or-later.js';
import type { JwtAlgorithm } from './jwt-algorithms.js';
import type { SignatureTest } from './signature-test.js';

/** What of a token's header says which key it was signed with. `alg` is one of those that are configured. */
export interface KeyHint {
  readonly alg: JwtAlgorithm;
  readonly kid: string | undefined;
}

/** Where the keys come from that tokens are verified with. */
export interface KeySource {
  /**
   * The key that such a token was signed with; undefined where there is none, which refuses the token. Throws, or rejects
   * with, a PushError `PUSH_ERR_UNAVAILABLE` where that cannot be said at the moment.
   */
  signerOf(hint: KeyHint, test: SignatureTest): NowOrLater<KeyObject | undefined>;
}
