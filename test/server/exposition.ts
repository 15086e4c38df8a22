/** One metric as a scraper reads it. */
export interface ReadMetric {
  readonly type: string;
  readonly help: string;
  readonly samples: { readonly labels: Record<string, string>; readonly value: number }[];
}

const NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;
const SAMPLE = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)$/;
const LABEL = /^([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\[\\"n])*)"(,|$)/;
const NUMBER = /^(?:[+-]?(?:\d+(?:\.\d+)?(?:e[+-]?\d+)?)|NaN|[+-]Inf)$/;

/** Reads Prometheus's text format 0.0.4 to its letter; throws at whatever the format or its conventions forbid. */
export function readExposition(text: string): Map<string, ReadMetric> {
  const metrics = new Map<string, ReadMetric>();
  let current: { name: string; help: string } | undefined;
  const fail = (why: string, line: string): never => {
    throw new Error(`${why}: ${line}`);
  };
  if (text !== '' && !text.endsWith('\n')) fail('no line end at the end', text.slice(-80));
  for (const line of text.split('\n').slice(0, -1)) {
    const help = /^# HELP (\S+) (.+)$/.exec(line);
    const type = /^# TYPE (\S+) (counter|gauge)$/.exec(line);
    if (help?.[1] && help[2]) {
      if (!NAME.test(help[1]) || metrics.has(help[1])) fail('wrong or repeated name', line);
      current = { name: help[1], help: help[2] };
    } else if (type?.[1] && type[2]) {
      if (current?.name !== type[1]) fail('type without its help', line);
      if ((type[2] === 'counter') !== type[1].endsWith('_total')) fail('only counters end in _total', line);
      if (/_(milliseconds|ms|minutes|kilobytes|percent)(_|$)/.test(type[1])) fail('not a base unit', line);
      metrics.set(type[1], { type: type[2], help: current?.help ?? '', samples: [] });
    } else {
      const [, name = '', labels = '', value = ''] = SAMPLE.exec(line) ?? fail('no sample', line);
      const metric = metrics.get(name) ?? fail('a sample before its type', line);
      if (name !== current?.name) fail('a sample away from its group', line);
      if (!NUMBER.test(value)) fail('no number', line);
      const read = readLabels(labels) ?? fail('wrong labels', line);
      if (metric.samples.some((other) => JSON.stringify(other.labels) === JSON.stringify(read))) fail('twice', line);
      metric.samples.push({ labels: read, value: Number(value.replace('Inf', 'Infinity')) });
    }
  }
  for (const [name, { samples }] of metrics) if (samples.length === 0) fail('no samples', name);
  return metrics;
}

function readLabels(text: string): Record<string, string> | undefined {
  const labels: Record<string, string> = {};
  for (let rest = text; rest !== ''; ) {
    const [all, key, value, comma] = LABEL.exec(rest) ?? [];
    if (all === undefined || key === undefined || value === undefined || key in labels) return undefined;
    labels[key] = value.replace(/\\(.)/g, (_, escaped) => (escaped === 'n' ? '\n' : escaped));
    rest = rest.slice(all.length);
    if (comma === ',' && rest === '') return undefined;
  }
  return labels;
}
