/** Who is left out of a target. */
export interface Exclusion {
  readonly users?: readonly string[] | undefined;
  readonly groups?: readonly string[] | undefined;
  readonly connections?: readonly string[] | undefined;
}

/** Everyone, less the exceptions. */
export interface TargetAll {
  readonly all: true;
  readonly except?: Exclusion | undefined;
}

/** The connections of these users, of the members of these groups, and these connections, less the exceptions. */
export interface TargetSome {
  readonly all?: undefined;
  readonly users?: readonly string[] | undefined;
  readonly groups?: readonly string[] | undefined;
  readonly connections?: readonly string[] | undefined;
  readonly except?: Exclusion | undefined;
}

/** Whom a message is for. A connection that several members name gets the message once. */
export type Target = TargetAll | TargetSome;

/** What the routing table held for a target: distinct users and distinct connections. */
export interface MatchCount {
  readonly users: number;
  readonly connections: number;
}
