import { useId } from 'preact/hooks';

/** A labelled line of text. What is wrong with it is said where it stands. */
export function TextField({
  label,
  hint,
  value,
  onInput,
  problem = '',
  isRequired = false,
  type = 'text',
  inputMode = 'text',
}: {
  readonly label: string;
  readonly hint?: string;
  readonly value: string;
  readonly onInput: (text: string) => void;
  readonly problem?: string;
  readonly isRequired?: boolean;
  readonly type?: 'text' | 'password';
  /** The keys that a phone offers. */
  readonly inputMode?: 'text' | 'decimal';
}) {
  const id = useId();
  const hintId = `${id}-hint`;
  const text = problem === '' ? hint : problem;
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <input
        id={id}
        // The library types each kind of input apart, and no union of them.
        {...({ type } as object)}
        value={value}
        required={isRequired}
        inputMode={inputMode}
        autocomplete="off"
        autocapitalize="off"
        spellcheck={false}
        aria-describedby={text === undefined ? undefined : hintId}
        aria-invalid={problem !== ''}
        onInput={({ currentTarget }) => onInput(currentTarget.value)}
      />
      {text !== undefined && (
        <p id={hintId} class={problem === '' ? 'hint' : 'problem'}>
          {text}
        </p>
      )}
    </div>
  );
}
