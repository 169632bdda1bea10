/**
 * The key of one send that was decided upon. Whoever presses the button again because no answer came sends with the same
 * key, and the server sends once.
 */
export function sendOnceOf(): string {
  const random = crypto.getRandomValues(new Uint8Array(12));
  return `console-${[...random].map((byte) => byte.toString(16).padStart(2, '0')).join('')}`;
}
