/** What the server has written into the page. */
export interface PageSettings {
  /** Who lets in: a token, or guards of the host that know the browser. */
  readonly door: 'token' | 'guards';
  /** Where a token can be had; empty where nowhere. */
  readonly tokenUrl: string;
  /** The folder that the page's files lie in. */
  readonly base: string;
}

/** Reads them. */
export function readSettings(): PageSettings {
  const { door, tokenUrl = '' } = document.querySelector<HTMLMetaElement>('meta[name="push-console"]')?.dataset ?? {};
  return { door: door === 'guards' ? 'guards' : 'token', tokenUrl, base: new URL('.', import.meta.url).href };
}
