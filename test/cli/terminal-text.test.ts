import { expect, it } from 'vitest';
import { valueWithUnit } from '../../src/cli/remote-values.ts';
import { table } from '../../src/cli/table.ts';
import { visibleWords } from '../../src/cli/terminal-text.ts';

const ORDER = '\u001b[2J';

it('what an instrument says does nothing to a terminal, neither as a value nor in a table', () => {
  const shown = { path: 'a.text', value: `on${ORDER}`, unit: null, readonly: true };
  expect(valueWithUnit(shown)).toBe('on\\u{1b}[2J');
  expect(table(['PATH', 'WHY'], [['a', `on\n${ORDER}`]])).toBe('PATH  WHY\na     on\\n\\u{1b}[2J');
});

it('words in any language are shown as they are, once and again', () => {
  for (const text of ['Kälte °C µ', '温度', 'a\\b']) expect(visibleWords(text)).toBe(text);
  expect(visibleWords(visibleWords('\u009b\u202e'))).toBe('\\u{9b}\\u{202e}');
});
