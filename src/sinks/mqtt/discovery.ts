import { type ChannelDescription, type DeviceDescription, units } from '../../instrument/index.ts';
import { expiryOf, type Topics } from './topics.ts';

/** An entity of Home Assistant; the keys are those of its MQTT integration. */
export interface Component {
  readonly platform: 'sensor' | 'binary_sensor';
  readonly [option: string]: unknown;
}

/** A message of Home Assistant's device-based discovery. */
export interface Discovery {
  readonly device: Readonly<Record<string, unknown>>;
  readonly origin: { readonly name: string; readonly sw_version?: string };
  readonly availability: readonly { readonly topic: string }[];
  readonly availability_mode: 'all';
  readonly qos: 0 | 1 | 2;
  readonly components: Readonly<Record<string, Component>>;
}

/** Who wrote a message of discovery. */
export const ORIGIN = 'labwire';

/** What Home Assistant shows of `null`: it takes this word for an unknown state. */
const READING = '{{ value_json.value }}';
const SWITCH = "{{ 'None' if value_json.value is none else 'ON' if value_json.value else 'OFF' }}";
/** A state has at most 255 characters. */
const TEXT = '{{ (value_json.value | string)[:255] }}';

/**
 * State classes that Home Assistant accepts for a device class, where not all three; and what then says the same of a
 * level as of a consumption. (Its `DEVICE_CLASS_STATE_CLASSES`.)
 */
const COUNTING = new Set(['energy', 'volume']);
const LEVELS: Readonly<Record<string, string>> = { energy: 'energy_storage', volume: 'volume_storage' };
const ANY_KIND = new Set(['distance', 'duration', 'weight']);
/** Device classes that the quantity tells and the unit does not, with the unit that must be beside. */
const OF_QUANTITY: Readonly<Record<string, string>> = { humidity: '%', power_factor: '' };

/** The id of a device in Home Assistant; the ids of gateways and devices have no hyphen. */
export function discoveryId({ gateway, device }: Pick<DeviceDescription, 'gateway' | 'device'>): string {
  return `labwire-${gateway}-${device}`;
}

/** Everything that Home Assistant is to know of a device. */
export function discovery(description: DeviceDescription, topics: Topics, version?: string): Discovery {
  const { device, label, manufacturer, model, modelName, serialNumber, firmware, channels } = description;
  const components = [...channels.values()].map((channel) => [channel.id, component(channel, description, topics)]);
  return {
    device: {
      identifiers: [discoveryId(description)],
      name: label ?? device,
      ...(manufacturer !== undefined && { manufacturer }),
      model: modelName ?? model,
      model_id: model,
      ...(serialNumber !== undefined && { serial_number: serialNumber }),
      ...(firmware !== undefined && { sw_version: firmware }),
    },
    origin: { name: ORIGIN, ...(version !== undefined && { sw_version: version }) },
    availability: [{ topic: topics.status }, { topic: topics.deviceStatus(device) }],
    availability_mode: 'all',
    qos: topics.stateOptions.qos,
    components: Object.fromEntries(components),
  };
}

function component(channel: ChannelDescription, description: DeviceDescription, topics: Topics): Component {
  const { id, label, type, options } = channel;
  const platform = type === 'boolean' ? 'binary_sensor' : 'sensor';
  const common = {
    platform,
    unique_id: `${discoveryId(description)}-${id}`,
    default_entity_id: `${platform}.${entityName(description.device, id)}`,
    name: label ?? id,
    state_topic: topics.channel(description.device, id),
    expire_after: expiryOf(description),
  } as const;
  switch (type) {
    case 'boolean':
      return { ...common, value_template: SWITCH };
    case 'text':
      return { ...common, value_template: TEXT };
    case 'enum':
      return { ...common, value_template: READING, device_class: 'enum', options: [...(options ?? [])] };
    case 'number':
    case 'integer':
      return { ...common, value_template: READING, ...measure(channel) };
  }
}

function measure({ type, kind, quantity, unit, resolution }: ChannelDescription): Record<string, unknown> {
  const known = unit === undefined ? undefined : units.get(unit)?.homeAssistant;
  const shown = known ? known.unit : (unit ?? '');
  const told = quantity !== undefined && OF_QUANTITY[quantity] === shown ? quantity : known?.deviceClass;
  const deviceClass = told === undefined ? undefined : classFor(told, kind);
  const precision = type === 'integer' ? 0 : resolution === undefined ? undefined : decimals(resolution);
  return {
    state_class: kind,
    ...(shown !== '' && { unit_of_measurement: shown }),
    ...(deviceClass !== undefined && { device_class: deviceClass }),
    ...(precision !== undefined && { suggested_display_precision: precision }),
  };
}

/** Home Assistant complains of a device class that does not go with the state class. */
function classFor(deviceClass: string, kind: ChannelDescription['kind']): string | undefined {
  if (ANY_KIND.has(deviceClass)) return deviceClass;
  if (kind === 'measurement') return LEVELS[deviceClass] ?? deviceClass;
  return COUNTING.has(deviceClass) ? deviceClass : undefined;
}

/** Digits behind the point that a step needs. */
function decimals(step: number): number {
  const [, fraction = ''] = step.toFixed(12).split('.');
  return fraction.replace(/0+$/, '').length;
}

/** An entity's name has no two underscores in a row, and none at its ends. */
function entityName(...ids: readonly string[]): string {
  return ids.join('_').replace(/_+/g, '_').replace(/_$/, '');
}
