import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';

/** Something that was done: another object each time, though its words may be the same. */
export interface Deed {
  readonly words: ComponentChildren;
}

/**
 * Says what was just done, where everyone sees it. It takes the focus, and is so read out: the button that the deed was
 * done with may be gone, and would leave the focus nowhere.
 */
export function DeedNote({ deed }: { readonly deed: Deed | undefined }) {
  const note = useRef<HTMLParagraphElement>(null);
  useEffect(() => note.current?.focus(), [deed]);
  if (!deed) return null;
  return (
    <p class="notice" tabIndex={-1} ref={note}>
      {deed.words}
    </p>
  );
}
