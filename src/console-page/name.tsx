import { hasUnseen } from './unseen.js';

/**
 * A name from outside, such as a user id, within other words. Its direction is its own, and its white space is shown. One that
 * holds what is not seen has a frame, and a box of its own: `bdi` alone ends at the first U+2069 within it.
 */
export function Name({ text }: { readonly text: string }) {
  return <bdi class={hasUnseen(text) ? 'name framed' : 'name'}>{text}</bdi>;
}
