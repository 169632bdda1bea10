import { useEffect, useState } from 'preact/hooks';

let speak: (text: string) => void = () => {};

/** Has a screen reader say it when it is done with what it says now. */
export function announce(text: string): void {
  speak(text);
}

/** The live region; there is one, from the start, because readers miss what is said in one that has just come. */
export function Announcer() {
  const [text, setText] = useState('');
  useEffect(() => {
    // The same words again would be no change, and not be said.
    speak = (next) => setText((before) => (before === next ? `${next}\u00a0` : next));
  }, []);
  return (
    <p class="unseen" role="status" aria-live="polite">
      {text}
    </p>
  );
}
