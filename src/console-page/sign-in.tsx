import { useState } from 'preact/hooks';
import { TextField } from './text-field.js';
import { useHeading } from './view-heading.js';

/** Why the console is not open. */
export interface Refusal {
  /** Empty where nobody has asked to come in. */
  readonly reason: string;
  /** Refusals in a row before this one. */
  readonly times: number;
}

/** Asks for a token. It is a secret, so it is not shown and no field remembers it. */
export function SignIn({
  reason,
  times,
  signIn,
}: Refusal & {
  readonly signIn: (token: string) => Promise<void>;
}) {
  const [token, setToken] = useState('');
  const [isWaiting, setWaiting] = useState(false);
  const submit = async (): Promise<void> => {
    if (isWaiting) return;
    setWaiting(true);
    await signIn(token.trim());
    setWaiting(false);
  };
  return (
    <main class="sign-in" id="main">
      <form
        class="card stack"
        onSubmit={(event) => {
          event.preventDefault();
          void submit();
        }}
      >
        <h1 ref={useHeading('Sign in')} tabIndex={-1}>
          Push console
        </h1>
        <Reason reason={reason} times={times} />
        <TextField
          label="Token"
          hint="a token of your application with the scope push:admin"
          type="password"
          value={token}
          onInput={setToken}
          isRequired
        />
        <div class="row">
          {/* A button that is disabled loses the focus, and it is pressed again where the token is refused. */}
          <button class="primary" type="submit" aria-disabled={isWaiting}>
            Sign in
          </button>
        </div>
      </form>
    </main>
  );
}

/** Where guards of the host have not let in, there is nothing to type. */
export function Refused({ reason, times, retry }: Refusal & { readonly retry: () => void }) {
  return (
    <main class="sign-in" id="main">
      <div class="card stack">
        <h1 ref={useHeading('Refused')} tabIndex={-1}>
          Push console
        </h1>
        <Reason reason={reason} times={times} />
        <div class="row">
          <button class="primary" type="button" onClick={retry}>
            Try again
          </button>
        </div>
      </div>
    </main>
  );
}

/** Another alert for each refusal: the same words in the same one would not be said again. */
function Reason({ reason, times }: Refusal) {
  if (reason === '') return null;
  return (
    <p class="problem" role="alert" key={times}>
      {reason}
    </p>
  );
}
