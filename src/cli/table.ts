import { visibleWords } from './terminal-text.ts';

/** Rows as columns of text, the widest cell deciding; empty columns are left out. Whatever is in a cell stays in it. */
export function table(heads: readonly string[], rows: readonly (readonly string[])[]): string {
  const used = heads.map((_, column) => rows.some((row) => row[column]));
  const shown = [heads, ...rows].map((row) => row.filter((_, column) => used[column]).map(visibleWords));
  const widths = (shown[0] ?? []).map((_, column) => Math.max(...shown.map((row) => row[column]?.length ?? 0)));
  return shown
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
