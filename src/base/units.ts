/** How one unit is written by everything that labwire speaks to. */
export interface Unit {
  /** Canonical symbol; µ is U+03BC. */
  readonly symbol: string;
  /** Unified Code for Units of Measure, case-sensitive form. */
  readonly ucum: string;
  /** As Python's pint reads it; none: the wire shows a plain float. */
  readonly pint?: string;
  readonly homeAssistant?: { readonly unit: string; readonly deviceClass?: string };
  /** Grafana's unit id; none: the symbol is shown as a suffix. */
  readonly grafana?: string;
}

const unit = (
  symbol: string,
  ucum: string,
  pint?: string,
  homeAssistant?: readonly [unit: string, deviceClass?: string],
  grafana?: string,
): Unit => ({
  symbol,
  ucum,
  ...(pint !== undefined && { pint }),
  ...(homeAssistant && {
    homeAssistant: {
      unit: homeAssistant[0],
      ...(homeAssistant[1] !== undefined && { deviceClass: homeAssistant[1] }),
    },
  }),
  ...(grafana !== undefined && { grafana }),
});

/** Every unit that labwire knows, one line each: symbol, UCUM, pint, Home Assistant, Grafana. */
const table: readonly Unit[] = [
  unit('K', 'K', 'K', ['K', 'temperature'], 'kelvin'),
  unit('mK', 'mK', 'mK'),
  unit('°C', 'Cel', 'degC', ['°C', 'temperature'], 'celsius'),
  unit('°F', '[degF]', 'degF', ['°F', 'temperature'], 'fahrenheit'),
  unit('Pa', 'Pa', 'Pa', ['Pa', 'pressure'], 'pressurepa'),
  unit('hPa', 'hPa', 'hPa', ['hPa', 'pressure'], 'pressurehpa'),
  unit('kPa', 'kPa', 'kPa', ['kPa', 'pressure'], 'pressurekpa'),
  unit('MPa', 'MPa', 'MPa'),
  unit('bar', 'bar', 'bar', ['bar', 'pressure'], 'pressurebar'),
  unit('mbar', 'mbar', 'mbar', ['mbar', 'pressure'], 'pressurembar'),
  unit('Torr', 'mm[Hg]', 'torr'),
  unit('psi', '[psi]', 'psi', ['psi', 'pressure'], 'pressurepsi'),
  unit('V', 'V', 'V', ['V', 'voltage'], 'volt'),
  unit('mV', 'mV', 'mV', ['mV', 'voltage'], 'mvolt'),
  unit('A', 'A', 'A', ['A', 'current'], 'amp'),
  unit('mA', 'mA', 'mA', ['mA', 'current'], 'mamp'),
  unit('μA', 'uA', 'uA'),
  unit('Ω', 'Ohm', 'ohm', undefined, 'ohm'),
  unit('kΩ', 'kOhm', 'kohm', undefined, 'kohm'),
  unit('MΩ', 'MOhm', 'Mohm', undefined, 'Mohm'),
  unit('F', 'F', 'F', undefined, 'farad'),
  unit('W', 'W', 'W', ['W', 'power'], 'watt'),
  unit('kW', 'kW', 'kW', ['kW', 'power'], 'kwatt'),
  unit('VA', 'V.A', 'VA', ['VA', 'apparent_power'], 'voltamp'),
  unit('var', 'V.A', undefined, ['var', 'reactive_power'], 'voltampreact'),
  unit('Wh', 'W.h', 'Wh', ['Wh', 'energy'], 'watth'),
  unit('kWh', 'kW.h', 'kWh', ['kWh', 'energy'], 'kwatth'),
  unit('Hz', 'Hz', 'Hz', ['Hz', 'frequency'], 'hertz'),
  unit('s', 's', 's', ['s', 'duration'], 's'),
  unit('ms', 'ms', 'ms', ['ms', 'duration'], 'ms'),
  unit('min', 'min', 'min', ['min', 'duration'], 'm'),
  unit('%', '%', 'percent', ['%'], 'percent'),
  unit('ppm', '[ppm]', 'ppm', ['ppm'], 'ppm'),
  unit('g', 'g', 'g', ['g', 'weight'], 'massg'),
  unit('mg', 'mg', 'mg', ['mg', 'weight'], 'massmg'),
  unit('kg', 'kg', 'kg', ['kg', 'weight'], 'masskg'),
  unit('m', 'm', 'm', ['m', 'distance'], 'lengthm'),
  unit('mm', 'mm', 'mm', ['mm', 'distance'], 'lengthmm'),
  unit('μm', 'um', 'um'),
  unit('kÅ', '10*3.Ao', 'kiloangstrom'),
  unit('Å/s', 'Ao/s', 'angstrom/s'),
  unit('m/s', 'm/s', 'm/s', ['m/s', 'speed'], 'velocityms'),
  unit('km/h', 'km/h', 'km/h', ['km/h', 'speed'], 'velocitykmh'),
  unit('mm/h', 'mm/h', 'mm/h', ['mm/h', 'precipitation_intensity']),
  unit('°', 'deg', 'degree', ['°'], 'degree'),
  unit('T', 'T', 'T'),
  unit('mT', 'mT', 'mT'),
  unit('G', 'G', 'gauss'),
  unit('dB', 'dB', 'dB', ['dB', 'sound_pressure'], 'dB'),
  unit('lx', 'lx', 'lux', ['lx', 'illuminance'], 'lux'),
  unit('μg/m³', 'ug/m3', 'ug/m**3', ['μg/m³'], 'conμgm3'),
  unit('mg/m³', 'mg/m3', 'mg/m**3', ['mg/m³'], 'conmgm3'),
  unit('mg/L', 'mg/L', 'mg/L', ['mg/L']),
  unit('μS/cm', 'uS/cm', 'uS/cm', ['μS/cm', 'conductivity']),
  unit('mS/cm', 'mS/cm', 'mS/cm', ['mS/cm', 'conductivity']),
  unit('1/cm³', '/cm3', '1/cm**3'),
  unit('m³', 'm3', 'm**3', ['m³', 'volume'], 'm3'),
  unit('L', 'L', 'L', ['L', 'volume'], 'litre'),
  unit('mL', 'mL', 'mL', ['mL', 'volume'], 'mlitre'),
  unit('L/min', 'L/min', 'L/min', ['L/min', 'volume_flow_rate'], 'flowlpm'),
  unit('mL/min', 'mL/min', 'mL/min', undefined, 'flowmlpm'),
  unit('m³/h', 'm3/h', 'm**3/h', ['m³/h', 'volume_flow_rate']),
  unit('SLPM', 'L/min'),
  unit('SCCM', 'cm3/min'),
  unit('pH', '[pH]', undefined, ['', 'ph'], 'pH'),
];

/** What people and other systems write for a unit of the table. */
const aliases: Readonly<Record<string, string>> = {
  degC: '°C',
  C: '°C',
  Cel: '°C',
  '℃': '°C',
  degF: '°F',
  ohm: 'Ω',
  Ohm: 'Ω',
  kOhm: 'kΩ',
  MOhm: 'MΩ',
  deg: '°',
  percent: '%',
  torr: 'Torr',
  uA: 'μA',
  um: 'μm',
  'ug/m3': 'μg/m³',
  'mg/m3': 'mg/m³',
  'uS/cm': 'μS/cm',
  sccm: 'SCCM',
  slpm: 'SLPM',
  'l/min': 'L/min',
};

export const units: ReadonlyMap<string, Unit> = new Map(table.map((entry) => [entry.symbol, entry]));

/**
 * The canonical symbol of a unit: both ways to write µ (U+00B5, U+03BC) and the usual spellings are read.
 * A unit that the table does not know is returned as it is: it is shown, but cannot be translated.
 */
export function canonicalUnit(text: string): string {
  const composed = text.normalize('NFC').replaceAll('µ', 'μ');
  return (Object.hasOwn(aliases, composed) ? aliases[composed] : undefined) ?? composed;
}
