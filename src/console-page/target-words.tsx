import type { Members, Target } from './console-link.js';
import { Name } from './name.js';
import { asWritten } from './name-list.js';
import { KINDS } from './target-fields.js';

/** A target in words, exceptions too, for a confirmation and a receipt. */
export function TargetWords({ target }: { readonly target: Target }) {
  return (
    <>
      {target.all ? 'everyone' : <MemberWords members={target} before="" between="; " />}
      <MemberWords members={target.except ?? {}} before=", except " between=", except " />
    </>
  );
}

function MemberWords({
  members,
  before,
  between,
}: {
  readonly members: Members;
  readonly before: string;
  readonly between: string;
}) {
  return KINDS.map((kind) => [kind, members[kind] ?? []] as const)
    .filter(([, names]) => names.length > 0)
    .map(([kind, names], at) => (
      <span key={kind}>
        {at === 0 ? before : between}
        {kind} {names.map((name, place) => [place > 0 && ', ', <Name key={name} text={asWritten(name)} />])}
      </span>
    ));
}
