import { MEMBER } from '../base/index.ts';
import {
  ChannelCore,
  type ChannelOptions,
  type Instrument,
  type RecordedChannel,
  recordValues,
  type Scalar,
} from '../instrument/index.ts';
import { addMember } from '../service/index.ts';

/**
 * Makes the channels that the site wants members of their instrument, under the ids by which they are published.
 *
 * @param channels by the driver's ids, as `writable`
 * @returns by published id
 */
export function exposeChannels(
  device: string,
  instrument: Instrument,
  channels: ReadonlyMap<string, RecordedChannel>,
  writable: ReadonlyMap<string, ChannelOptions<Scalar>>,
): ReadonlyMap<string, ChannelCore> {
  const cores = new Map<string, ChannelCore>();
  for (const [key, { description, enabled }] of channels) {
    if (!enabled) continue;
    const options = writable.get(key);
    const record = (value: Parameters<typeof recordValues>[1][string]): void =>
      recordValues(instrument, { [key]: value });
    const core = new ChannelCore(description, options && { ...options, record });
    core.path = `${device}.${description.id}`;
    addMember(instrument, description.id, { [MEMBER]: core });
    cores.set(description.id, core);
  }
  return cores;
}
