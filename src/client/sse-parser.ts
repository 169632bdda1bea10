/**
 * Reads a text/event-stream (HTML standard, section 9.2.6) as far as this protocol uses it: the `data` of each event.
 * Answers a function that takes the pieces, which may be cut anywhere.
 */
export function sseParser(dispatch: (data: string) => void): (piece: string) => void {
  let rest = '';
  let data: string[] = [];
  const readLine = (line: string): void => {
    const [, value] = /^data: ?([^]*)$/.exec(line) ?? [];
    if (value !== undefined) data.push(value);
    if (line || !data.length) return;
    dispatch(data.join('\n'));
    data = [];
  };
  return (piece) => {
    // A carriage return at the end may be half of a line end: it waits for the next piece.
    const lines = (rest + piece).split(/\r\n|\n|\r(?!$)/);
    rest = lines.pop() ?? '';
    for (const line of lines) readLine(line);
  };
}
