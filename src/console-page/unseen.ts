/**
 * What is not seen: white space at an end or in a row, and characters that are drawn as nothing, those that turn the
 * direction of text among them.
 */
const UNSEEN = /^\s|\s$|\s\s|\p{Default_Ignorable_Code_Point}/u;

/** Whether a text holds what would make it look like another one. */
export function hasUnseen(text: string): boolean {
  return UNSEEN.test(text);
}
