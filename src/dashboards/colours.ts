import { MappingType, type ValueMapping } from '@grafana/grafana-foundation-sdk/dashboard';

/** Colours with one meaning on every dashboard, by Grafana's names. */
export const colour = {
  good: 'green',
  doubtful: 'orange',
  bad: 'red',
  waiting: 'blue',
  off: '#808080',
} as const;

/** States of devices and tasks, which have no word in common that means two things. */
const STATES = {
  online: colour.good,
  active: colour.good,
  degraded: colour.doubtful,
  connecting: colour.waiting,
  activating: colour.waiting,
  deactivating: colour.waiting,
  'auto-restart': colour.doubtful,
  failed: colour.bad,
  disabled: colour.off,
  inactive: colour.off,
} as const;

export const stateMappings: ValueMapping[] = [words(STATES)];

/** Of `<channel>_quality`. */
export const qualityMappings: ValueMapping[] = [
  {
    type: MappingType.ValueToText,
    options: {
      0: { text: 'good', color: colour.good, index: 0 },
      1: { text: 'uncertain', color: colour.doubtful, index: 1 },
      2: { text: 'bad', color: colour.bad, index: 2 },
    },
  },
];

export const switchMappings = (on: string, off: string, onColour: string, offColour: string): ValueMapping[] => [
  {
    type: MappingType.ValueToText,
    options: { true: { text: on, color: onColour, index: 0 }, false: { text: off, color: offColour, index: 1 } },
  },
];

/** Apart from each other, and from those that mean a quality. */
const SHADES = [
  'semi-dark-blue',
  'semi-dark-purple',
  'light-blue',
  'light-purple',
  'dark-blue',
  'dark-purple',
  'super-light-blue',
];

/** The words of an enum, each with a colour that stays its own. */
export function wordMappings(options: readonly string[]): ValueMapping[] {
  return [words(Object.fromEntries(options.map((word, index) => [word, SHADES[index % SHADES.length] ?? colour.off])))];
}

function words(colours: Readonly<Record<string, string>>): ValueMapping {
  const options = Object.entries(colours).map(([word, color], index) => [word, { color, index }]);
  return { type: MappingType.ValueToText, options: Object.fromEntries(options) };
}
