import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { units } from '../../src/base/index.ts';
import { convert } from '../../src/wire/pint.ts';
import { cpuTime } from '../cpu-time.ts';

describe('a quantity', () => {
  it.each([
    [20, 'degC', 'K', 293.15],
    [293.15, 'kelvin', 'degC', 20],
    [300, 'K', 'degC', 26.85],
    [273.16, 'K', 'degC', 0.01],
    [68, 'degF', 'degC', 20],
    [0, 'degC', 'degF', 32],
    [68, '°F', '°C', 20],
    [20, 'degree_Celsius', 'degree_Fahrenheit', 68],
    [373.15, 'K', 'degC', 100],
    [5, 'mV', 'V', 0.005],
    [0.1, 'V', 'mV', 100],
    [3, 'millivolt', 'V', 0.003],
    [3, 'mK', 'kelvin', 0.003],
    [1, 'bar', 'Pa', 100_000],
    [1013.25, 'mbar', 'hPa', 1013.25],
    [1013.25, 'millibar', 'torr', 760],
    [1, 'atm', 'psi', 14.6959487755],
    [1, 'kN/m**2', 'mbar', 10],
    [60, 'L/min', 'm**3/h', 3.6],
    [60, 'l/min', 'milliliter / second', 1000],
    [3.6, 'km/h', 'm/s', 1],
    [3.6, 'kilometer per hour', 'm/s', 1],
    [1, 'µg/m³', 'mg/m**3', 0.001],
    [1, '\u03bcS/cm', 'mS/cm', 0.001],
    [1, '1/cm³', 'm⁻³', 1e6],
    [1, 'kg·m²/s³', 'W', 1],
    [1, 'W*h', 'Wh', 1],
    [1, 'VA', 'W', 1],
    [1, 'G', 'mT', 0.1],
    [1, 'kÅ', 'nm', 100],
    [50, '%', '', 0.5],
    [0.5, '', 'percent', 50],
    [0.5, 'dimensionless', 'percent', 50],
    [90, 'degree', 'rad', Number((Math.PI / 2).toPrecision(12))],
    [1, 'min', 's', 60],
    [1.5, 'hour', 'minute', 90],
    [4.2, 'K', 'K', 4.2],
    [1 / 3, 'mbar', 'hPa', 1 / 3],
  ])('%d %s in %s is %d', (value, from, to, expected) => {
    expect(convert(value, from, to)).toBe(expected);
  });

  it.each([
    ['V', 'A'],
    ['K', 'V'],
    ['degC', ''],
    ['', 'K'],
    ['delta_degC', 'degC'],
    ['degC/min', 'K/s'],
    ['degC**2', 'K**2'],
    ['m**10', 'm'],
    ['m**0.5', 'm'],
    ['mm m', 'm'],
    ['SCCM', 'L/min'],
    ['?', '?!'],
    ['nothing', 'K'],
    ['K/', 'K'],
    ['/s', 'Hz'],
    ['(m/s)', 'm/s'],
    ['m//s', 'm/s'],
    ['__proto__', 'K'],
    ['constructor', 'K'],
    ['kkg', 'g'],
    ['mdegC', 'K'],
    ['rad', 'percent'],
  ])('%j is not converted to %j', (from, to) => {
    expect(convert(1, from, to)).toBeUndefined();
  });
});

test('every unit of the table that pint knows is known here too, and is one with what pint prints for it', () => {
  const printed: Record<string, string> = {
    degC: '°C',
    degF: '°F',
    ohm: 'Ω',
    percent: '%',
    degree: '°',
    'L/min': 'l/min',
  };
  for (const { pint } of units.values()) {
    if (pint === undefined) continue;
    expect(convert(2, pint, `${pint} `), pint).toBe(2);
    if (printed[pint] !== undefined) expect(convert(2, printed[pint], pint)).toBe(2);
  }
});

test('whatever stands for a unit, the answer is a number or none, and comes at once', () => {
  const word = fc.constantFrom('m', 'kg', 'degC', '/', '*', '**', '2', '³', ' ', '1', 'per', 'µ', '(', '-', '⁻', '_');
  const unit = fc.oneof(
    fc.string({ maxLength: 200 }),
    fc.array(word, { maxLength: 40 }).map((words) => words.join('')),
  );
  fc.assert(
    fc.property(fc.double(), unit, unit, (value, from, to) => {
      const converted = convert(value, from, to);
      expect(converted === undefined || typeof converted === 'number').toBe(true);
    }),
  );
  const spent = cpuTime();
  expect(convert(1, 'm'.repeat(1e6), ' '.repeat(1e6))).toBeUndefined();
  expect(spent()).toBeLessThan(5000);
});
