import { isoTime } from '../../base/index.ts';
import type { DeviceDescription, Sample } from '../../instrument/index.ts';
import type { EventRecord } from '../../journal/index.ts';
import type { StateEntry } from '../sink.ts';
import type { DeadBand, Thinner } from './thinner.ts';

/** How a message is published; one object serves every message of its kind. */
export interface PublishOptions {
  readonly qos: 0 | 1 | 2;
  readonly retain: boolean;
  readonly properties?: { readonly messageExpiryInterval?: number; readonly correlationData?: Buffer };
}

/** One topic for each channel, or one message for each poll. */
export type PublishMode = 'channels' | 'samples';

/** What never changes in a channel's messages from one reading to the next. */
interface ChannelForm {
  readonly topic: string;
  readonly backfill: string;
  /** `"t1":{"value":` */
  readonly opening: string;
  /** `,"unit":"K"`, or nothing. */
  readonly unit: string;
  readonly band: DeadBand | undefined;
}

interface DeviceForm {
  readonly topic: string;
  readonly sample: string;
  readonly options: PublishOptions;
  readonly channels: Map<string, ChannelForm>;
}

export type Publish = (topic: string, payload: string, options: PublishOptions) => void;

const SHORTEST_EXPIRY_S = 60;
const HISTORICAL = ',"historical":true';

/** After how many seconds a reading that was not followed by another is no longer to be taken for current. */
export function expiryOf({ interval, publish }: DeviceDescription): number {
  return Math.max(SHORTEST_EXPIRY_S, Math.ceil(3 * (interval ?? 0)), Math.ceil(3 * (publish?.maxInterval ?? 0)));
}

/** Every topic that labwire publishes, with its payload (DESIGN, "MQTT"). */
export class Topics {
  readonly gateway: string;
  /** `<base>/<gateway>`, under which all stand. */
  readonly root: string;
  readonly status: string;
  readonly events: string;
  readonly mode: PublishMode;
  /** Of what is retained without an end. */
  readonly stateOptions: PublishOptions;
  /** Of what is not retained. */
  readonly passingOptions: PublishOptions;
  readonly #devices = new WeakMap<DeviceDescription, DeviceForm>();
  /** How each device was described last. */
  readonly #described = new Map<string, DeviceDescription>();

  constructor(base: string, gateway: string, qos: 0 | 1 | 2, mode: PublishMode = 'channels') {
    this.gateway = gateway;
    this.root = `${base}/${gateway}`;
    this.mode = mode;
    this.status = `${this.root}/status`;
    this.events = `${this.root}/events`;
    this.stateOptions = { qos, retain: true };
    this.passingOptions = { qos, retain: false };
  }

  deviceStatus(device: string): string {
    return `${this.root}/${device}/status`;
  }

  channel(device: string, channel: string): string {
    return `${this.root}/${device}/channels/${channel}`;
  }

  /** The topic of an entry of the gateway's state. */
  state(path: StateEntry['path']): string {
    return `${this.root}/${path.map(encodeLevel).join('/')}`;
  }

  /** The gateway's state, retained; an entry that is gone clears its topic. */
  statePayload(value: unknown): string {
    return value === undefined ? '' : typeof value === 'string' ? value : JSON.stringify(value);
  }

  event(record: EventRecord): string {
    return JSON.stringify({
      time: isoTime(record.time),
      severity: record.severity,
      device: record.device ?? null,
      kind: record.eventKind,
      code: record.code,
      title: record.title,
      text: record.text,
    });
  }

  /** Publishes a sample as what is true now. */
  live(sample: Sample, thinner: Thinner, publish: Publish): void {
    const form = this.#devices.get(sample.source) ?? this.#device(sample.source);
    if (this.mode === 'samples') {
      this.#poll(form, sample, thinner, '', publish);
      return;
    }
    const time = isoTime(sample.time);
    for (const id in sample.values) {
      const value = sample.values[id];
      if (value === undefined) continue;
      const channel = form.channels.get(id) ?? channelForm(form, sample.source, id);
      if (channel.band && !thinner.passes(channel.topic, value, sample.time, channel.band)) continue;
      publish(channel.topic, `{"value":${rest(value, `${channel.unit},"time":"${time}"`)}}`, form.options);
    }
  }

  /** Publishes a sample as what was true once, beside what is true now. */
  historical(sample: Sample, thinner: Thinner, publish: Publish): void {
    const form = this.#devices.get(sample.source) ?? this.#device(sample.source);
    if (this.mode === 'samples') {
      this.#poll(form, sample, thinner, HISTORICAL, publish);
      return;
    }
    const time = isoTime(sample.time);
    for (const id in sample.values) {
      const value = sample.values[id];
      if (value === undefined) continue;
      const { topic, backfill, unit, band } = form.channels.get(id) ?? channelForm(form, sample.source, id);
      if (band && !thinner.passes(topic, value, sample.time, band)) continue;
      const payload = `{"value":${rest(value, `${unit},"time":"${time}"`)}${HISTORICAL}}`;
      publish(backfill, payload, this.passingOptions);
    }
  }

  /** Clears the retained readings of channels that a device had by its last description, and has no longer. */
  withdrawn(source: DeviceDescription, publish: Publish): void {
    for (const id of this.#described.get(source.device)?.channels.keys() ?? []) {
      if (!source.channels.has(id)) publish(this.channel(source.device, id), '', this.stateOptions);
    }
    if (source.channels.size === 0) this.#described.delete(source.device);
    else this.#described.set(source.device, source);
  }

  /** Takes the devices as they are now, and clears the readings of what was described before and is no more. */
  described(devices: Iterable<DeviceDescription>, publish: Publish): void {
    const gone = new Map(this.#described);
    for (const source of devices) {
      gone.delete(source.device);
      this.withdrawn(source, publish);
    }
    for (const source of gone.values()) this.withdrawn({ ...source, channels: new Map() }, publish);
  }

  #poll(form: DeviceForm, sample: Sample, thinner: Thinner, ending: string, publish: Publish): void {
    let channels = '';
    for (const id in sample.values) {
      const value = sample.values[id];
      if (value === undefined) continue;
      const { topic, opening, unit, band } = form.channels.get(id) ?? channelForm(form, sample.source, id);
      if (band && !thinner.passes(topic, value, sample.time, band)) continue;
      channels += `${channels === '' ? '' : ','}${opening}${rest(value, unit)}}`;
    }
    if (channels === '') return;
    const payload = `{"time":"${isoTime(sample.time)}","channels":{${channels}}${ending}}`;
    publish(form.sample, payload, this.passingOptions);
  }

  #device(source: DeviceDescription): DeviceForm {
    const topic = `${this.root}/${source.device}`;
    const form: DeviceForm = {
      topic,
      sample: `${topic}/sample`,
      options: { ...this.stateOptions, properties: { messageExpiryInterval: expiryOf(source) } },
      channels: new Map(),
    };
    this.#devices.set(source, form);
    return form;
  }
}

function channelForm(device: DeviceForm, source: DeviceDescription, id: string): ChannelForm {
  const unit = source.channels.get(id)?.unit;
  const { deadband = {}, maxInterval = 0 } = source.publish ?? {};
  const width = Object.hasOwn(deadband, id) ? deadband[id] : undefined;
  const form = {
    topic: `${device.topic}/channels/${id}`,
    backfill: `${device.topic}/backfill/${id}`,
    opening: `${JSON.stringify(id)}:{"value":`,
    unit: unit === undefined ? '' : `,"unit":${JSON.stringify(unit)}`,
    band: width === undefined ? undefined : { width, longest: maxInterval * 1_000_000 },
  };
  device.channels.set(id, form);
  return form;
}

/** A value, what stands between, its quality. JSON has no NaN and no infinity: a number that is none says so. */
function rest(value: Sample['values'][string], between: string): string {
  if (typeof value === 'number')
    return Number.isFinite(value)
      ? `${value}${between},"quality":"good"`
      : `null${between},"quality":"bad","reason":"invalid"`;
  if (typeof value !== 'object') return `${JSON.stringify(value)}${between},"quality":"good"`;
  if (value.value === null || (typeof value.value === 'number' && !Number.isFinite(value.value)))
    return `null${between},"quality":"bad","reason":"${value.reason}"`;
  return `${JSON.stringify(value.value)}${between},"quality":"uncertain","reason":"${value.reason}"`;
}

/** A name as a level of a topic: the path of a member may hold a key with characters that no level may have. */
export function encodeLevel(name: string): string {
  return /[/+#%\0]/.test(name) ? name.replaceAll(/[/+#%\0]/g, encodeURIComponent) : name;
}

/** @returns undefined where the text is no encoded level */
export function decodeLevel(level: string): string | undefined {
  try {
    return level.includes('%') ? decodeURIComponent(level) : level;
  } catch {
    return undefined;
  }
}
