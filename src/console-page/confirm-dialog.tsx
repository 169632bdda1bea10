import type { ComponentChildren } from 'preact';
import { useEffect, useId, useRef, useState } from 'preact/hooks';
import { sentenceOf } from './error-sentence.js';

/** What is asked before something that cannot be taken back. */
export interface Confirmation {
  readonly title: string;
  /** What will happen, and to whom. */
  readonly children: ComponentChildren;
  /** The deed, as on its button. */
  readonly deed: string;
  /** Does it; what it rejects with is shown, and the dialog stays. */
  readonly run: () => Promise<void>;
  readonly close: () => void;
}

/** A modal dialog of the browser's own, which keeps the focus and gives it back. Nothing is done unless it is confirmed. */
export function ConfirmDialog({ title, children, deed, run, close }: Confirmation) {
  const dialog = useRef<HTMLDialogElement>(null);
  const [isRunning, setRunning] = useState(false);
  const [problem, setProblem] = useState('');
  const titleId = useId();
  useEffect(() => dialog.current?.showModal(), []);
  const confirm = async (): Promise<void> => {
    if (isRunning) return;
    setRunning(true);
    setProblem('');
    try {
      await run();
      dialog.current?.close();
    } catch (error) {
      setProblem(sentenceOf(error));
      setRunning(false);
    }
  };
  return (
    <dialog ref={dialog} aria-labelledby={titleId} onClose={close}>
      <h2 id={titleId}>{title}</h2>
      <div class="stack">{children}</div>
      {problem !== '' && (
        <p class="problem" role="alert">
          {problem}
        </p>
      )}
      <div class="row end">
        <button type="button" autofocus onClick={() => dialog.current?.close()}>
          Cancel
        </button>
        {/* A button that is disabled loses the focus, and the dialog goes on where it is refused. */}
        <button type="button" class="danger" aria-disabled={isRunning} onClick={() => void confirm()}>
          {deed}
        </button>
      </div>
    </dialog>
  );
}
