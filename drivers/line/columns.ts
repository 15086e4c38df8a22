const QUOTED = /\s*"((?:[^"]|"")*)"\s*/y;

/**
 * The columns of a CSV line, without the blanks around them. What stands in double quotes is one column, whatever it
 * contains, and `""` in it is a quote. A separator of one blank stands for any run of them.
 */
export function columns(line: string, separator: string): string[] {
  if (separator === ' ') return line.trim().split(/\s+/);
  if (!line.includes('"')) return line.split(separator).map((column) => column.trim());
  const found: string[] = [];
  for (let at = 0; at <= line.length; ) {
    QUOTED.lastIndex = at;
    const quoted = QUOTED.exec(line);
    const begin = at + (quoted?.[0].length ?? 0);
    const next = line.indexOf(separator, begin);
    const end = next < 0 ? line.length : next;
    // What follows a closing quote within its column makes it no clean value: it is kept, so that it is seen as none.
    found.push((quoted?.[1] ?? '').replaceAll('""', '"') + line.slice(begin, end).trim());
    at = end + separator.length;
  }
  return found;
}
