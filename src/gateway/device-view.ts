import { isMember, isoTime, MEMBER } from '../base/index.ts';
import { type ChannelDescription, type ChannelValue, quality } from '../instrument/index.ts';
import type { DeviceDetails, DeviceSummary } from '../server/index.ts';
import { CommandCore, type SettingCore, walk } from '../service/index.ts';
import { definedOnly } from './defined-only.ts';
import type { Device } from './device.ts';
import { taskState } from './device-messages.ts';
import { deviceStatus } from './health.ts';
import type { StateStore } from './state-store.ts';

type Channel = DeviceSummary['channels'][string];

/** A device as the server lists it. Counts are those of the last round, at most some 10 s old. */
export function deviceSummary(device: Device, state: StateStore): DeviceSummary {
  const { id, channelMembers } = device.plan;
  const { channels, dropped, ...info } = state.get([id, 'info']) as DeviceSummary['info'] & Record<string, unknown>;
  const shown = [...device.description.channels].map(([name, description]): [string, Channel] => {
    const core = channelMembers.get(name);
    const newest = core?.newest;
    const said = newest && { value: newest.values[name], time: newest.time };
    return [name, { ...facts(description), writable: core?.writable ?? false, ...lastWord(said) }];
  });
  return {
    id,
    status: deviceStatus(device.health),
    health: state.get([id, 'health']) as DeviceSummary['health'],
    info,
    channels: Object.fromEntries(shown),
  };
}

/** All that the server shows of a device. */
export function deviceDetails(device: Device, state: StateStore): DeviceDetails {
  const { settings, tasks } = device.plan;
  return {
    ...deviceSummary(device, state),
    settings: Object.fromEntries([...settings].map(([name, setting]) => [name, settingView(setting)])),
    tasks: Object.fromEntries(
      [...tasks].map(([name, task]) => [name, taskState(task) as DeviceDetails['tasks'][string]]),
    ),
    commands: Object.fromEntries(commandsOf(device)),
  };
}

function facts({
  id,
  scale,
  offset,
  range,
  options,
  ...rest
}: ChannelDescription): Omit<Channel, keyof Said | 'writable'> {
  return { ...rest, ...(range && { range: [...range] }), ...(options && { options: [...options] }) };
}

type Said = Pick<Channel, 'value' | 'quality' | 'time' | 'reason'>;

function lastWord(said: { value: ChannelValue | undefined; time: number } | undefined): Said {
  if (said?.value === undefined) return { value: null, quality: null, time: null };
  const { value, time } = said;
  const at = { quality: quality(value), time: isoTime(time) };
  return typeof value === 'object' ? { value: value.value, ...at, reason: value.reason } : { value, ...at };
}

function settingView({ value, rules, doc, writable }: SettingCore): DeviceDetails['settings'][string] {
  const { type, unit, minimum, maximum, options } = rules;
  return {
    ...{ value, type, doc, writable },
    ...definedOnly({ unit, minimum, maximum, options: options && [...options] }),
  };
}

function commandsOf(device: Device): [string, DeviceDetails['commands'][string]][] {
  return walk(device.plan.instrument).flatMap(({ path, node }) => {
    const core: unknown = isMember(node) ? node[MEMBER] : undefined;
    if (!(core instanceof CommandCore)) return [];
    const { doc, tier, parameters } = core;
    return [[path, { doc, tier, parameters: { ...parameters } }]];
  });
}
