import type { Members, Target } from './console-link.js';
import { namesIn } from './name-list.js';
import { TextField } from './text-field.js';

/** Whom a form is about, as it stands in its fields. */
export interface TargetDraft {
  readonly isAll: boolean;
  readonly users: string;
  readonly groups: string;
  readonly connections: string;
  readonly exceptUsers: string;
  readonly exceptGroups: string;
  readonly exceptConnections: string;
}

/** Nobody yet. */
export const EMPTY_TARGET: TargetDraft = {
  isAll: false,
  users: '',
  groups: '',
  connections: '',
  exceptUsers: '',
  exceptGroups: '',
  exceptConnections: '',
};

/** What may be named. */
export const KINDS = ['users', 'groups', 'connections'] as const;

const HINT = 'separated by commas; one with commas or spaces around it as "a, b"';
const UNQUOTED = 'A name that begins with a double quote has to end with one: "a, b". Within it write "" for a quote.';

/** The target, or what is missing. */
export function targetOf(draft: TargetDraft): Target | string {
  const except = membersOf(draft.exceptUsers, draft.exceptGroups, draft.exceptConnections);
  const named = draft.isAll ? {} : membersOf(draft.users, draft.groups, draft.connections);
  if (!except || !named) return UNQUOTED;
  const exceptions = Object.keys(except).length > 0 ? { except } : {};
  if (draft.isAll) return { all: true, ...exceptions };
  if (Object.keys(named).length === 0) return 'Name users, groups or connections, or choose everyone.';
  return { ...named, ...exceptions };
}

/** Chooses whom a message is for. */
export function TargetFields({
  draft,
  change,
}: {
  readonly draft: TargetDraft;
  readonly change: (draft: TargetDraft) => void;
}) {
  const field = (name: Exclude<keyof TargetDraft, 'isAll'>, label: string) => (
    <TextField label={label} hint={HINT} value={draft[name]} onInput={(text) => change({ ...draft, [name]: text })} />
  );
  const option = (isAll: boolean, label: string) => (
    <label class="check">
      <input type="radio" name="target" checked={draft.isAll === isAll} onChange={() => change({ ...draft, isAll })} />
      {label}
    </label>
  );
  return (
    <>
      <fieldset>
        <legend>Whom</legend>
        <div class="row">
          {option(false, 'Those I name')}
          {option(true, 'Everyone')}
        </div>
        {!draft.isAll && (
          <div class="fields">
            {field('users', 'Users')}
            {field('groups', 'Groups')}
            {field('connections', 'Connections')}
          </div>
        )}
      </fieldset>
      <details>
        <summary>Except some</summary>
        <div class="fields">
          {field('exceptUsers', 'Except users')}
          {field('exceptGroups', 'Except groups')}
          {field('exceptConnections', 'Except connections')}
        </div>
      </details>
    </>
  );
}

/** Undefined where one of the lines is none of names. */
function membersOf(users: string, groups: string, connections: string): Members | undefined {
  const lines = { users, groups, connections };
  const members: { -readonly [Kind in keyof Members]: Members[Kind] } = {};
  for (const kind of KINDS) {
    const names = namesIn(lines[kind]);
    if (!names) return undefined;
    if (names.length > 0) members[kind] = names;
  }
  return members;
}
