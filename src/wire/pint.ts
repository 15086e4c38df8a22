/**
 * Reads units as Python's pint writes them, short (`mV`, `µg/m³`, `degC`) and long (`millivolt`), and converts between
 * those of one dimension. Factors: SI Brochure, 9th edition; pint's default registry for names.
 */

/** Exponents of the base units. */
type Dimension = Readonly<Record<string, number>>;

/** base = value · factor + offset */
interface Measure {
  readonly factor: number;
  readonly offset: number;
  /** In a form that can be compared. */
  readonly dimension: string;
}

interface Definition {
  readonly factor: number;
  readonly offset: number;
  readonly dimension: Dimension;
}

/** Characters; nobody writes longer units. */
const LONGEST = 64;
const LARGEST_EXPONENT = 9;

const named = (
  names: string,
  dimension: Dimension,
  factor = 1,
  offset = 0,
): readonly (readonly [string, Definition])[] =>
  names.split(' ').map((name) => [name, { factor, offset, dimension }] as const);

const power = { kg: 1, m: 2, s: -3 };
const energy = { kg: 1, m: 2, s: -2 };
const pressure = { kg: 1, m: -1, s: -2 };
const charge = { A: 1, s: 1 };

const definitions: ReadonlyMap<string, Definition> = new Map([
  ...named('m meter metre', { m: 1 }),
  ...named('g gram', { kg: 1 }, 1e-3),
  ...named('s sec second', { s: 1 }),
  ...named('A amp ampere', { A: 1 }),
  ...named('K kelvin degK', { K: 1 }),
  ...named('mol mole', { mol: 1 }),
  ...named('cd candela lm lumen', { cd: 1 }),
  ...named('rad radian', { rad: 1 }),
  ...named('degC °C celsius degree_Celsius degreeC', { K: 1 }, 1, 273.15),
  ...named('degF °F fahrenheit degree_Fahrenheit degreeF', { K: 1 }, 5 / 9, 459.67 * (5 / 9)),
  ...named('° deg degree', { rad: 1 }, Math.PI / 180),
  ...named('dimensionless', {}),
  ...named('% percent', {}, 1e-2),
  ...named('ppm', {}, 1e-6),
  ...named('dB decibel', { dB: 1 }),
  ...named('min minute', { s: 1 }, 60),
  ...named('h hr hour', { s: 1 }, 3600),
  ...named('d day', { s: 1 }, 86_400),
  ...named('Hz hertz', { s: -1 }),
  ...named('N newton', { kg: 1, m: 1, s: -2 }),
  ...named('Pa pascal', pressure),
  ...named('bar', pressure, 1e5),
  ...named('torr Torr', pressure, 101_325 / 760),
  ...named('mmHg millimeter_Hg', pressure, 133.322387415),
  ...named('atm standard_atmosphere', pressure, 101_325),
  ...named('psi pound_force_per_square_inch', pressure, 6894.757293168361),
  ...named('J joule', energy),
  ...named('eV electron_volt', energy, 1.602176634e-19),
  ...named('Wh watt_hour', energy, 3600),
  ...named('W watt VA volt_ampere', power),
  ...named('C coulomb', charge),
  ...named('V volt', { ...power, A: -1 }),
  ...named('Ω Ω ohm', { ...power, A: -2 }),
  ...named('S siemens', { kg: -1, m: -2, s: 3, A: 2 }),
  ...named('F farad', { kg: -1, m: -2, s: 4, A: 2 }),
  ...named('H henry', { kg: 1, m: 2, s: -2, A: -2 }),
  ...named('Wb weber', { kg: 1, m: 2, s: -2, A: -1 }),
  ...named('T tesla', { kg: 1, s: -2, A: -1 }),
  ...named('G gauss', { kg: 1, s: -2, A: -1 }, 1e-4),
  ...named('lx lux', { cd: 1, m: -2 }),
  ...named('l L ℓ liter litre', { m: 3 }, 1e-3),
  ...named('Å Å angstrom ångström', { m: 1 }, 1e-10),
]);

const prefixes: readonly (readonly [string, number])[] = [
  ...(
    [
      ['tera T', 1e12],
      ['giga G', 1e9],
      ['mega M', 1e6],
      ['kilo k', 1e3],
      ['hecto h', 1e2],
      ['deca da', 10],
      ['deci d', 1e-1],
      ['centi c', 1e-2],
      ['milli m', 1e-3],
      ['micro \u00b5 \u03bc u', 1e-6],
      ['nano n', 1e-9],
      ['pico p', 1e-12],
      ['femto f', 1e-15],
    ] as const
  ).flatMap(([names, factor]) => names.split(' ').map((name) => [name, factor] as const)),
];

const step = /\s*(?:(\*(?!\*)|·|\/|per\b)\s*)?(1(?![\d.])|[\p{L}_%°]+)\s*(?:(?:\*\*|\^)\s*(-?\d)|(⁻?[⁰¹²³⁴⁵⁶⁷⁸⁹]))?/uy;

/**
 * Converts a number between two units of one dimension, to 12 digits, so that a limit is met where it was meant.
 *
 * @returns undefined where one of them is not known, or they are of different dimensions
 */
export function convert(value: number, from: string, to: string): number | undefined {
  if (from === to) return value;
  const [a, b] = [measure(from), measure(to)];
  if (!a || !b || a.dimension !== b.dimension) return undefined;
  if (a.factor === b.factor && a.offset === b.offset) return value;
  return Number(((value * a.factor + a.offset - b.offset) / b.factor).toPrecision(12));
}

/** @returns undefined for what is no unit that is known here */
function measure(text: string): Measure | undefined {
  if (text.length > LONGEST) return undefined;
  const left = text.trim();
  const exponents = new Map<string, number>();
  const parts: { readonly definition: Definition; readonly exponent: number }[] = [];
  step.lastIndex = 0;
  while (step.lastIndex < left.length) {
    const match = step.exec(left);
    if (!match) return undefined;
    const [, operator = '', name = '', digits, raised] = match;
    if (parts.length === 0 && operator !== '') return undefined;
    const definition = name === '1' ? definitions.get('dimensionless') : define(name);
    const size = digits !== undefined ? Number(digits) : raised !== undefined ? superscript(raised) : 1;
    if (!definition || Math.abs(size) > LARGEST_EXPONENT) return undefined;
    parts.push({ definition, exponent: operator === '/' || operator === 'per' ? -size : size });
  }
  let factor = 1;
  for (const { definition, exponent } of parts) {
    // A scale with a zero of its own cannot be multiplied.
    if (definition.offset !== 0 && (parts.length > 1 || exponent !== 1)) return undefined;
    factor *= definition.factor ** exponent;
    for (const [base, own] of Object.entries(definition.dimension)) {
      exponents.set(base, (exponents.get(base) ?? 0) + own * exponent);
    }
  }
  const dimension = [...exponents].filter(([, exponent]) => exponent !== 0).sort();
  return { factor, offset: parts[0]?.definition.offset ?? 0, dimension: dimension.join(' ') };
}

function define(name: string): Definition | undefined {
  const known = definitions.get(name);
  if (known) return known;
  for (const [prefix, factor] of prefixes) {
    const definition = name.startsWith(prefix) ? definitions.get(name.slice(prefix.length)) : undefined;
    if (definition && definition.offset === 0) return { ...definition, factor: definition.factor * factor };
  }
  return undefined;
}

function superscript(text: string): number {
  const negative = text.startsWith('⁻');
  const digit = '⁰¹²³⁴⁵⁶⁷⁸⁹'.indexOf(negative ? text.slice(1) : text);
  return negative ? -digit : digit;
}
