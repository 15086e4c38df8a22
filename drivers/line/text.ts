const utf8 = new TextDecoder('utf-8', { fatal: true });

/** The text of a line that came as one character for each byte: UTF-8 where it is that, else Latin 1. */
export function textOfLine(line: string): string {
  if (!/[\x80-\xff]/.test(line)) return line;
  try {
    return utf8.decode(Buffer.from(line, 'latin1'));
  } catch {
    return line;
  }
}
