/** Who is signed in on this tab. Kept in the tab's own storage, so that two tabs can be two users. */

/** A sign-in that can't come right by trying again. */
export class SignInError extends Error {
  isFinal = true;
}

export class Session {
  #key;
  #claims;

  constructor(key) {
    this.#key = key;
  }

  /** The token that is kept from before, if it still holds. */
  restore() {
    try {
      return this.#accept(sessionStorage.getItem(this.#key));
    } catch {
      sessionStorage.removeItem(this.#key);
      return false;
    }
  }

  /** Asks the demo's door for a token. */
  async signIn({ user, groups = [], scope = '' }) {
    const response = await fetch('/auth/token', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ user, groups, scope }),
    });
    if (response.status === 404) throw new SignInError('Sign-in is off on this server. Use a token instead.');
    const body = await response.json();
    if (!response.ok) throw new SignInError([body.message].flat().join(', '));
    this.#accept(body.token);
  }

  /** Takes a token that was signed elsewhere. */
  useToken(token) {
    try {
      if (this.#accept(token.trim())) return;
    } catch {
      throw new SignInError('This is not a token.');
    }
    throw new SignInError('This token has ended.');
  }

  /** The token; a new one for the same user where `fresh` is asked for or the old one is about to end. */
  async token({ fresh = false } = {}) {
    if (!fresh && this.#claims.exp * 1000 - Date.now() > 60_000) return this.#claims.token;
    try {
      await this.signIn(this.#claims);
    } catch (error) {
      const holds = this.#claims.exp * 1000 > Date.now();
      if (!error.isFinal || !holds) throw error;
    }
    return this.#claims.token;
  }

  get user() {
    return this.#claims.user;
  }

  get scope() {
    return this.#claims.scope;
  }

  /** Forgets the token here and, as far as the server can be reached, in the cookie. */
  async end() {
    sessionStorage.removeItem(this.#key);
    await fetch('/auth/token', { method: 'DELETE' }).catch(() => {});
  }

  #accept(token) {
    if (!token) return false;
    const claims = JSON.parse(decodeBase64Url(token.split('.')[1]));
    if (typeof claims.sub !== 'string' || !(claims.exp * 1000 > Date.now())) return false;
    this.#claims = { token, user: claims.sub, groups: claims.groups ?? [], scope: claims.scope ?? '', exp: claims.exp };
    sessionStorage.setItem(this.#key, token);
    return true;
  }
}

function decodeBase64Url(text) {
  const binary = atob(text.replaceAll('-', '+').replaceAll('_', '/'));
  return new TextDecoder().decode(Uint8Array.from(binary, (character) => character.charCodeAt(0)));
}
