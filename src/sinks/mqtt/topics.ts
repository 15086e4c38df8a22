import { isoTime } from '../../base/index.ts';
import type { DeviceDescription, Sample } from '../../instrument/index.ts';
import type { EventRecord } from '../../journal/index.ts';
import type { StateEntry } from '../sink.ts';

/** How a message is published; one object serves every message of its kind. */
export interface PublishOptions {
  readonly qos: 0 | 1 | 2;
  readonly retain: boolean;
  readonly properties?: { readonly messageExpiryInterval: number };
}

/** What never changes in a channel's messages from one reading to the next. */
interface ChannelForm {
  readonly topic: string;
  /** `,"unit":"K","time":"`, or without the unit. */
  readonly middle: string;
}

interface DeviceForm {
  readonly topic: string;
  readonly options: PublishOptions;
  readonly channels: Map<string, ChannelForm>;
}

export type Publish = (topic: string, payload: string, options: PublishOptions) => void;

const SHORTEST_EXPIRY_S = 60;

/** Every topic that labwire publishes, with its payload (DESIGN, "MQTT"). The parts of a topic are ids. */
export class Topics {
  readonly status: string;
  readonly events: string;
  readonly stateOptions: PublishOptions;
  readonly eventOptions: PublishOptions;
  readonly #root: string;
  readonly #qos: 0 | 1 | 2;
  readonly #devices = new WeakMap<DeviceDescription, DeviceForm>();
  /** How each device was described last. */
  readonly #described = new Map<string, DeviceDescription>();

  constructor(base: string, gateway: string, qos: 0 | 1 | 2) {
    this.#root = `${base}/${gateway}`;
    this.#qos = qos;
    this.status = `${this.#root}/status`;
    this.events = `${this.#root}/events`;
    this.stateOptions = { qos, retain: true };
    this.eventOptions = { qos, retain: false };
  }

  /** The gateway's current state, retained; an entry that is gone clears its topic. */
  state(entry: StateEntry): { topic: string; payload: string } {
    const { path, value } = entry;
    const payload = value === undefined ? '' : typeof value === 'string' ? value : JSON.stringify(value);
    return { topic: `${this.#root}/${path.join('/')}`, payload };
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

  /** Publishes one message for each channel of a sample. */
  sample(sample: Sample, publish: Publish): void {
    const form = this.#devices.get(sample.source) ?? this.#device(sample.source);
    const time = isoTime(sample.time);
    for (const id in sample.values) {
      const value = sample.values[id];
      if (value === undefined) continue;
      const { topic, middle } = form.channels.get(id) ?? channelForm(form, sample.source, id);
      publish(topic, `{"value":${valueAndRest(value, middle, time)}}`, form.options);
    }
  }

  /** Clears the retained readings of channels that a device had by its last description, and has no longer. */
  withdrawn(source: DeviceDescription, publish: Publish): void {
    for (const id of this.#described.get(source.device)?.channels.keys() ?? []) {
      if (!source.channels.has(id)) publish(`${this.#root}/${source.device}/channels/${id}`, '', this.stateOptions);
    }
    if (source.channels.size === 0) this.#described.delete(source.device);
    else this.#described.set(source.device, source);
  }

  #device(source: DeviceDescription): DeviceForm {
    const messageExpiryInterval = Math.max(SHORTEST_EXPIRY_S, Math.ceil(3 * (source.interval ?? 0)));
    const form: DeviceForm = {
      topic: `${this.#root}/${source.device}`,
      options: { qos: this.#qos, retain: true, properties: { messageExpiryInterval } },
      channels: new Map(),
    };
    this.#devices.set(source, form);
    return form;
  }
}

function channelForm(device: DeviceForm, source: DeviceDescription, id: string): ChannelForm {
  const unit = source.channels.get(id)?.unit;
  const form = {
    topic: `${device.topic}/channels/${id}`,
    middle: unit === undefined ? ',"time":"' : `,"unit":${JSON.stringify(unit)},"time":"`,
  };
  device.channels.set(id, form);
  return form;
}

/** JSON has no NaN and no infinity: a number that is none says so. */
function valueAndRest(value: Sample['values'][string], middle: string, time: string): string {
  if (typeof value === 'number')
    return Number.isFinite(value)
      ? `${value}${middle}${time}","quality":"good"`
      : `null${middle}${time}","quality":"bad","reason":"invalid"`;
  if (typeof value !== 'object') return `${JSON.stringify(value)}${middle}${time}","quality":"good"`;
  if (value.value === null || (typeof value.value === 'number' && !Number.isFinite(value.value)))
    return `null${middle}${time}","quality":"bad","reason":"${value.reason}"`;
  return `${JSON.stringify(value.value)}${middle}${time}","quality":"uncertain","reason":"${value.reason}"`;
}
