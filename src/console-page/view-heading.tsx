import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';

/** Whether the page has shown a view: the first one leaves the focus where the browser has put it. */
let hasShown = false;

/** The heading of a view. Whoever goes to a view is taken to it, as by a new page. */
export function ViewHeading({ title, children }: { readonly title: string; readonly children?: ComponentChildren }) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    document.title = `${title} · Push console`;
    if (hasShown) heading.current?.focus();
    hasShown = true;
  }, [title]);
  return (
    <div class="view-heading">
      <h1 ref={heading} tabIndex={-1}>
        {title}
      </h1>
      {children}
    </div>
  );
}
