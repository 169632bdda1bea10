/** What is not seen: white space at an end or in a row, and characters that turn the direction of text. */
const UNSEEN = /^\s|\s$|\s\s|\p{Bidi_Control}/u;

/**
 * A name from outside, such as a user id, within other words. Its direction is its own, and its white space is shown. One that
 * holds what is not seen has a frame, and a box of its own: `bdi` alone ends at the first U+2069 within it.
 */
export function Name({ text }: { readonly text: string }) {
  return <bdi class={UNSEEN.test(text) ? 'name framed' : 'name'}>{text}</bdi>;
}
