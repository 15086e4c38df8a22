/** InfluxQL as Grafana sends it to InfluxDB 1, 2 and 3. */

/** An identifier, e.g. a measurement, tag or field. */
export function identifier(name: string): string {
  return `"${name.replace(/[\\"]/g, '\\$&')}"`;
}

/**
 * A measurement behind FROM. In a query Grafana puts values for its variables wherever their names stand; a name that looks
 * like one is written as a pattern, where `$` and `[` can be written otherwise.
 */
export function measurement(name: string): string {
  if (!/\$|\[\[/.test(name)) return identifier(name);
  const pattern = name
    .replace(/[\\^.*+?()|\]{}/]/g, '\\$&')
    .replaceAll('$', '\\x24')
    .replaceAll('[', '\\x5b');
  return `/^${pattern}$/`;
}

/** As the line protocol has it: without line ends, and without a backslash that would take the next sign along. */
export function storedMeasurement(name: string): string {
  return name.replace(/[\r\n]+/g, ' ').replace(/\\+(?=[,"= ]|$)/g, '');
}

export function stringLiteral(text: string): string {
  return `'${text.replace(/[\\']/g, '\\$&')}'`;
}

/** That a tag has a chosen value of the dashboard's variable of this name. */
export function chosen(tag: 'gateway' | 'device'): string {
  return `${identifier(tag)} =~ /^\${${tag}:regex}$/`;
}

export interface Selection {
  /** What is selected, e.g. `mean("t1")`. */
  readonly select: string;
  readonly from: string;
  /** Beside the time. */
  readonly where: readonly string[];
  /** Tags by which series are told apart. */
  readonly by: readonly string[];
}

/**
 * A query in steps of Grafana's interval.
 *
 * @param fill `null`: a step without a value is a gap; `none`: it is left out
 */
export function inSteps({ select, from, where, by }: Selection, fill: 'null' | 'none'): string {
  const tags = by.map((tag) => `, ${identifier(tag)}`).join('');
  return `SELECT ${select} FROM ${measurement(from)} WHERE ${[...where, '$timeFilter'].join(' AND ')} GROUP BY time($__interval)${tags} fill(${fill})`;
}
