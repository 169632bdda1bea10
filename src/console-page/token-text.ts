/** What stands in a token: visible signs of ASCII. Others cannot be sent in a header, or are cut out of one. */
const TOKEN = /^[\u0021-\u007e]+$/;

/** What is said to whoever gave something else. */
export const NO_TOKEN = 'This is no token: a token has plain letters, digits and signs only, and no spaces.';

/** Whether the text can be a token at all. Whether it is one the server says. */
export function mayBeToken(text: string): boolean {
  return TOKEN.test(text);
}
