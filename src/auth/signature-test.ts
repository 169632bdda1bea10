import type { KeyObject } from 'node:crypto';

/** How the key of one token is told from others that its header may mean as well. */
export interface SignatureTest {
  /** The key that this very token was verified with before. It is taken without another look at the signature. */
  readonly known: KeyObject | undefined;
  /** Whether the token was signed with the key. */
  readonly isSignedBy: (key: KeyObject) => boolean;
}

/** The one of the keys that the token was signed with. */
export function findSigner(keys: readonly KeyObject[], { known, isSignedBy }: SignatureTest): KeyObject | undefined {
  return known !== undefined && keys.includes(known) ? known : keys.find(isSignedBy);
}
