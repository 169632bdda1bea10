import type { ComponentChildren, RefObject } from 'preact';
import { useEffect, useRef } from 'preact/hooks';

/** Whether the page has shown anything: the first thing leaves the focus where the browser has put it. */
let hasShown = false;

/**
 * For the heading of what the page shows, of which there is one at a time: whoever comes to something else is taken to it,
 * as by a new page. What had the focus before, such as the button that signed in or out, is gone.
 */
export function useHeading(title: string): RefObject<HTMLHeadingElement | null> {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    document.title = `${title} · Push console`;
    if (hasShown) heading.current?.focus();
    hasShown = true;
  }, [title]);
  return heading;
}

/** The heading of a view. */
export function ViewHeading({ title, children }: { readonly title: string; readonly children?: ComponentChildren }) {
  return (
    <div class="view-heading">
      <h1 ref={useHeading(title)} tabIndex={-1}>
        {title}
      </h1>
      {children}
    </div>
  );
}
