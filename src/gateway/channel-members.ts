import { MEMBER } from '../base/index.ts';
import {
  ChannelCore,
  type ChannelOptions,
  type ChannelValue,
  type Instrument,
  type RecordedChannel,
  type RecordValue,
  recordValues,
  type Scalar,
} from '../instrument/index.ts';
import { addMember } from '../service/index.ts';
import type { TaskControl } from '../task/index.ts';

export interface ChannelOwner {
  readonly device: string;
  readonly instrument: Instrument;
  /** The task that reads it; undefined where it has none. */
  readonly acquire: TaskControl | undefined;
}

/**
 * Makes the channels that the site wants members of their instrument, under the ids by which they are published.
 *
 * @param channels by the driver's ids, as `writable`
 * @returns by published id
 */
export function exposeChannels(
  { device, instrument, acquire }: ChannelOwner,
  channels: ReadonlyMap<string, RecordedChannel>,
  writable: ReadonlyMap<string, ChannelOptions<Scalar>>,
): ReadonlyMap<string, ChannelCore> {
  const cores = new Map<string, ChannelCore>();
  for (const [key, recorded] of channels) {
    const { description, enabled } = recorded;
    if (!enabled) continue;
    const options = writable.get(key);
    const record = (value: RecordValue): ChannelValue => {
      // While nothing is read, nobody would ever say that the value is no longer what it was.
      if (acquire?.get('state') === 'active') recordValues(instrument, { [key]: value });
      return recorded.judge(value);
    };
    const core = new ChannelCore(description, options && { ...options, record });
    core.path = `${device}.${description.id}`;
    addMember(instrument, description.id, { [MEMBER]: core });
    cores.set(description.id, core);
  }
  return cores;
}
