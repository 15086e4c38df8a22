import { didYouMean } from '../base/index.ts';
import type { Configuration, DeviceConfiguration, PortConfiguration } from '../config/index.ts';
import type { DeviceDescription, Model, RecordedChannel } from '../instrument/index.ts';
import type { SettingValue } from '../service/index.ts';
import { definedOnly } from './defined-only.ts';
import { atSite, type Findings } from './findings.ts';
import { portName } from './port-options.ts';

export interface DescribedParts {
  readonly id: string;
  readonly gateway: Configuration['gateway'];
  readonly device: DeviceConfiguration;
  /** Undefined where the device names a line that is not there. */
  readonly port: PortConfiguration | undefined;
  readonly model: Model;
  readonly channels: ReadonlyMap<string, RecordedChannel>;
  readonly settingValues: ReadonlyMap<string, SettingValue>;
}

/** What the sinks know of a device before it is connected. */
export function describeDevice({
  id,
  gateway,
  device,
  port,
  model,
  channels,
  settingValues,
}: DescribedParts): DeviceDescription {
  // Of a polled instrument a setting, of a talker the least time between two samples.
  const interval = settingValues.get('interval') ?? device.interval;
  // A model that declares no channel is described by the site, device by device: one measurement would mix them all.
  const describedBySite = model.channels === undefined && model.driverOptions === undefined;
  const enabled = [...channels.values()].filter((channel) => channel.enabled);
  return {
    gateway: gateway.id,
    device: id,
    model: model.id,
    port: port ? portName(port) : '',
    simulated: port !== undefined && 'emulated' in port,
    measurement: device.measurement ?? (describedBySite ? id : model.id.replaceAll('-', '_')),
    tags: { ...gateway.tags, ...device.tags },
    channels: new Map(enabled.map(({ description }) => [description.id, description])),
    ...definedOnly({
      label: device.label,
      publish: device.publish,
      manufacturer: model.manufacturer,
      modelName: model.model,
      interval: typeof interval === 'number' ? interval : undefined,
    }),
  };
}

/** A tag and a field of one name make a measurement that cannot be queried. */
export function checkTags(description: DeviceDescription, own: DeviceConfiguration['tags'], findings: Findings): void {
  const fields = [...description.channels.keys()].flatMap((id) => [id, `${id}_quality`, `${id}_reason`]);
  const tags = new Set(Object.keys(description.tags));
  for (const field of new Set(fields)) {
    if (!tags.has(field)) continue;
    const ours = own !== undefined && Object.hasOwn(own, field);
    const text = ours
      ? 'is also the name of a channel; choose another name for one of them'
      : `has a channel with the name of the gateway's tag "${field}"; choose another name for one of them`;
    findings.add({ code: 'CONFIG_INVALID', place: atSite(...(ours ? ['tags', field] : [])), at: 'key', text });
  }
}

/** A dead band is for a number that this device has. */
export function checkDeadBands({ channels, publish }: DeviceDescription, findings: Findings): void {
  for (const id of Object.keys(publish?.deadband ?? {})) {
    const type = channels.get(id)?.type;
    if (type === 'number' || type === 'integer') continue;
    const place = atSite('publish', 'deadband', id);
    const text = type ? `is ${type}: only a number has a dead band` : 'is no channel of this device';
    const hint = type ? '' : didYouMean(id, channels.keys());
    findings.add({ code: 'CONFIG_INVALID', place, at: 'key', text, hint });
  }
}
