/** What Grafana does with InfluxQL before it sends it: to try queries, and to draw panels, without a Grafana. */

/** Values that are chosen for the dashboard's variables. */
export interface Chosen {
  /** By variable; `all` stands for its own "All". Default: all of each. */
  readonly variables?: Readonly<Record<string, readonly string[] | 'all'>>;
}

export interface FillOptions extends Chosen {
  /** ms since the Unix epoch. */
  readonly from: number;
  /** ms since the Unix epoch. */
  readonly to: number;
  /** Of a panel, as wide as it is in pixels; default 1000. */
  readonly maxDataPoints?: number;
}

/** A variable with what "All" puts in its place. */
export interface FillVariable {
  readonly name: string;
  readonly allValue: string;
}

/** `$name`, `[[name:format]]`, `${name:format}`. */
const VARIABLE = /\$(\w+)|\[\[(\w+?)(?::(\w+))?\]\]|\$\{(\w+)(?::(\w+))?\}/g;

/** Puts the chosen values in the places of the variables. What is none of them stays as it is. */
export function fillVariables(
  text: string,
  variables: readonly FillVariable[],
  { variables: chosen = {} }: Chosen,
): string {
  return text.replace(VARIABLE, (whole, plain?: string, squared?: string, _f?: string, braced?: string) => {
    const variable = variables.find(({ name }) => name === (plain ?? squared ?? braced));
    if (!variable) return whole;
    const values = chosen[variable.name] ?? 'all';
    // An "All" with a value of its own is put in as it stands.
    return values === 'all' ? variable.allValue : oneOf(values);
  });
}

/** Puts time range and interval in the places of Grafana's macros. @param intervalMs length of a step */
export function fillMacros(text: string, { from, to }: FillOptions, intervalMs: number): string {
  return text
    .replaceAll('$timeFilter', `time >= ${Math.round(from)}ms and time <= ${Math.round(to)}ms`)
    .replaceAll('$interval', durationText(intervalMs))
    .replaceAll('$__interval_ms', String(intervalMs))
    .replaceAll('$__interval', durationText(intervalMs));
}

/** As the format `regex` writes several values, and InfluxDB's data source those of a variable that may have several. */
function oneOf(values: readonly string[]): string {
  const escaped = values.map((value) => value.replace(/[\\^$*+?.()|[\]{}/]/g, '\\$&'));
  return escaped.length === 1 ? (escaped[0] ?? '') : `(${escaped.join('|')})`;
}

/** Lengths of steps, ms, and up to which length each stands for a calculated one. */
const STEPS: readonly (readonly [below: number, step: number])[] = [
  ...([
    [15, 10],
    [35, 20],
    [75, 50],
    [150, 100],
    [350, 200],
    [750, 500],
    [1500, 1000],
    [3500, 2000],
  ] as const),
  ...([
    [7500, 5000],
    [12_500, 10_000],
    [17_500, 15_000],
    [25_000, 20_000],
    [45_000, 30_000],
  ] as const),
  ...([
    [90_000, 60_000],
    [210_000, 120_000],
    [450_000, 300_000],
    [750_000, 600_000],
  ] as const),
  ...([
    [1_050_000, 900_000],
    [1_500_000, 1_200_000],
    [2_700_000, 1_800_000],
    [5_400_000, 3_600_000],
  ] as const),
  ...([
    [9_000_000, 7_200_000],
    [16_200_000, 10_800_000],
    [32_400_000, 21_600_000],
    [86_400_000, 43_200_000],
  ] as const),
];
const DAY_MS = 86_400_000;
const LEAST_MS = 10;

/** The length of a step, ms: a round one that gives about as many points as the panel has pixels. */
export function stepMs({ from, to, maxDataPoints = 1000 }: FillOptions, least = '0ms'): number {
  const calculated = (to - from) / maxDataPoints;
  const round = STEPS.find(([below]) => calculated < below)?.[1] ?? DAY_MS;
  return Math.max(LEAST_MS, durationMs(least), round);
}

const MS_OF = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: DAY_MS } as const;

function durationMs(text: string): number {
  const [, number, unit] = /^>?(\d+)(ms|s|m|h|d)$/.exec(text) ?? [];
  return Number(number ?? 0) * MS_OF[(unit ?? 'ms') as keyof typeof MS_OF];
}

function durationText(ms: number): string {
  const unit = (['d', 'h', 'm', 's'] as const).find((name) => ms % MS_OF[name] === 0) ?? 'ms';
  return `${ms / MS_OF[unit]}${unit}`;
}

/**
 * Name of a series, as the data source makes it from `alias`.
 *
 * @param tags those that the series is grouped by
 */
export function nameOfSeries(alias: string, tags: Readonly<Record<string, string>>): string {
  return alias.replace(/\[\[tag_(\w+)\]\]|\$tag_(\w+)/g, (whole, squared?: string, plain?: string) => {
    const tag = squared ?? plain ?? '';
    return Object.hasOwn(tags, tag) ? (tags[tag] ?? '') : whole;
  });
}
