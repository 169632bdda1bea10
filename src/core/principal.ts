/** Who a token says its bearer is. Kept for as long as the connection lives, so it holds nothing that is not used. */
export interface Principal {
  readonly userId: string;
  /**
   * Whose user it is: users, groups and everything else of one tenant are out of reach for all others. 1 to 128 characters
   * without control characters; absent for the default tenant, which is the only one where there are no others.
   */
  readonly tenant?: string | undefined;
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

/** The user and its tenant as one text, the same for no other: no name of a tenant holds a control character. */
export function accountOf({ userId, tenant }: Pick<Principal, 'userId' | 'tenant'>): string {
  return tenant === undefined ? userId : `${tenant}\u0000${userId}`;
}
