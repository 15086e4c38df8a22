import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalUnit, units } from '../../src/instrument/index.ts';

const table = [...units.values()];

describe('the units table', () => {
  it('has each symbol once, in the one way to write it', () => {
    expect(table.length).toBeGreaterThan(50);
    for (const { symbol } of table) {
      expect(canonicalUnit(symbol)).toBe(symbol);
      expect(symbol.normalize('NFC')).toBe(symbol);
      expect(symbol).not.toContain('\u00b5');
    }
    expect(new Set(table.map(({ symbol }) => symbol.toLowerCase())).size).toBeGreaterThan(table.length - 5);
  });

  it('lists no unit twice', async () => {
    const source = await import('node:fs').then(({ readFileSync }) =>
      readFileSync(new URL('../../src/base/units.ts', import.meta.url), 'utf8'),
    );
    const listed = [...source.matchAll(/^ {2}unit\('([^']+)'/gm)].map(([, symbol]) => symbol);
    expect(listed).toHaveLength(units.size);
  });

  it.each(['\u00b5', '\u03bc'])('reads %j as the prefix micro', (micro) => {
    expect(canonicalUnit(`${micro}S/cm`)).toBe('\u03bcS/cm');
    expect(units.has(canonicalUnit(`${micro}g/m³`))).toBe(true);
  });

  it.each([
    ['degC', '°C'],
    ['℃', '°C'],
    ['\u2126', 'Ω'],
    ['k\u212b', 'kÅ'],
    ['\u212a', 'K'],
    ['torr', 'Torr'],
    ['sccm', 'SCCM'],
    ['uS/cm', 'μS/cm'],
  ])('reads %s as %s', (text, symbol) => {
    expect(canonicalUnit(text)).toBe(symbol);
    expect(units.has(symbol)).toBe(true);
  });

  it.each(['furlong', 'constructor', 'toString', '__proto__', ''])('leaves the unknown %j as it is', (text) => {
    expect(canonicalUnit(text)).toBe(text);
  });

  it('gives any text a form that stays as it is', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        expect(canonicalUnit(canonicalUnit(text))).toBe(canonicalUnit(text));
      }),
    );
  });

  it.each(['pH', 'SCCM', 'SLPM', 'var'])(
    'gives pint no name for %s, which it would misread or does not know',
    (symbol) => {
      expect(units.get(symbol)?.pint).toBeUndefined();
    },
  );

  it('gives pint names of letters, digits and / * alone, and torr in small letters', () => {
    for (const { pint } of table) if (pint !== undefined) expect(pint).toMatch(/^[A-Za-z0-9/*]+$/);
    expect(units.get('Torr')?.pint).toBe('torr');
  });

  it('gives Home Assistant no Torr, and µ as U+03BC', () => {
    expect(units.get('Torr')?.homeAssistant).toBeUndefined();
    for (const { homeAssistant } of table) expect(homeAssistant?.unit ?? '').not.toContain('\u00b5');
  });

  it('has UCUM codes of ASCII, without a prefix where UCUM allows none', () => {
    for (const { ucum } of table) expect(ucum).toMatch(/^[!-~]+$/);
    expect(units.get('kÅ')?.ucum).toBe('10*3.Ao');
  });
});
