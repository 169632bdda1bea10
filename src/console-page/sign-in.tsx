import { useEffect, useRef, useState } from 'preact/hooks';
import { TextField } from './text-field.js';

/** Asks for a token. It is a secret, so it is not shown and no field remembers it. */
export function SignIn({
  reason,
  signIn,
}: {
  readonly reason: string;
  readonly signIn: (token: string) => Promise<void>;
}) {
  const [token, setToken] = useState('');
  const [isWaiting, setWaiting] = useState(false);
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    document.title = 'Sign in · Push console';
    // Whatever had the focus before, such as the button that signed out, is gone.
    heading.current?.focus();
  }, [reason]);
  const submit = async (): Promise<void> => {
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
        <h1 ref={heading} tabIndex={-1}>
          Push console
        </h1>
        {reason !== '' && (
          <p class="problem" role="alert">
            {reason}
          </p>
        )}
        <TextField
          label="Token"
          hint="a token of your application with the scope push:admin"
          type="password"
          value={token}
          onInput={setToken}
          isRequired
        />
        <div class="row">
          <button class="primary" type="submit" disabled={isWaiting}>
            Sign in
          </button>
        </div>
      </form>
    </main>
  );
}

/** Where guards of the host have not let in, there is nothing to type. */
export function Refused({ reason, retry }: { readonly reason: string; readonly retry: () => void }) {
  return (
    <main class="sign-in" id="main">
      <div class="card stack">
        <h1>Push console</h1>
        <p class="problem" role="alert">
          {reason}
        </p>
        <div class="row">
          <button class="primary" type="button" onClick={retry}>
            Try again
          </button>
        </div>
      </div>
    </main>
  );
}
