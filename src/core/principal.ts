/** Who a token says its bearer is. Kept for as long as the connection lives, so it holds nothing that is not used. */
export interface Principal {
  readonly userId: string;
  /** Groups of the token's `groups` claim; names that are no group names are left out. */
  readonly groups: readonly string[];
  /** What the token may do on REST: the words of its `scope` claim. */
  readonly scopes: readonly string[];
  /** When the token ends, milliseconds since the Unix epoch. */
  readonly expiresAtMs: number;
  /** When the token was issued, milliseconds since the Unix epoch; absent where the token does not say. */
  readonly issuedAtMs?: number | undefined;
  /** The token's `jti`. */
  readonly tokenId?: string | undefined;
}
