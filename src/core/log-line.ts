/**
 * A structured line for a log: its message, and what is known beside it. Members that are not there are left out, since a
 * logger that writes text would print each as `undefined`.
 */
export function logLine(message: string, members: object): object {
  const known = Object.entries(members).filter(([, value]) => value !== undefined);
  return { message, ...Object.fromEntries(known) };
}
