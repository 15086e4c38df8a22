import type { ChannelDescription } from '../instrument/index.ts';
import type { ShownChannel } from './channel-groups.ts';
import { chosen, identifier, type Selection, stringLiteral } from './influxql.ts';
import { plainText } from './plain-text.ts';

/** Name of a channel's series: its label, what of it, and which device of which gateway. */
export function seriesName({ label, id }: ChannelDescription, what?: string): string {
  const of = plainText(label ?? id);
  return `${what === undefined ? of : `${of} ${what}`} · [[tag_gateway]]/[[tag_device]]`;
}

/** Where a channel's values are. */
export function valueSelection({ ambiguous, devices }: ShownChannel, measurement: string): Omit<Selection, 'select'> {
  const where = [chosen('gateway'), chosen('device')];
  if (ambiguous) {
    const ids = [...new Set(devices.map(({ description }) => description.device))].sort();
    where.push(`(${ids.map((id) => `${identifier('device')} = ${stringLiteral(id)}`).join(' OR ')})`);
  }
  return { from: measurement, where, by: ['gateway', 'device'] };
}
