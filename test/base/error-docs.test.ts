import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { errorCodes } from '../../src/base/index.ts';

const page = readFileSync(new URL('../../docs/errors.md', import.meta.url), 'utf8');
const sections = page.split(/^#+ (?=[A-Z_]+\n)/m).slice(1);
const documented = sections.map((section) => section.split('\n', 1)[0]);

describe('docs/errors.md', () => {
  it('has every code once, in the order of src/base/codes.ts, and no other', () => {
    expect(documented).toEqual(Object.keys(errorCodes));
  });

  it.each(Object.entries(errorCodes))(
    'gives the meaning of %s in the words of the table, and a remedy',
    (code, meaning) => {
      const [, , meant, blank, ...remedy] =
        sections.find((section) => section.startsWith(`${code}\n`))?.split('\n') ?? [];
      expect(meant).toBe(meaning);
      expect(blank).toBe('');
      expect(remedy.join('').length).toBeGreaterThan(20);
    },
  );
});
