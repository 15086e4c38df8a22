/** What a channel is, for everything that shows or stores its values. */
export type ChannelType = 'number' | 'integer' | 'boolean' | 'text' | 'enum';
export type ChannelKind = 'measurement' | 'total' | 'total_increasing';

export interface ChannelDescription {
  /** The id under which it is published: the site's name for it, else the model's. */
  readonly id: string;
  readonly type: ChannelType;
  readonly kind: ChannelKind;
  /** Canonical symbol of the units table. */
  readonly unit?: string;
  readonly quantity?: string;
  /** What the sensor can measure, in `unit`. */
  readonly range?: readonly [number, number];
  /** The smallest step that means something, in `unit`. */
  readonly resolution?: number;
  /** The words of an `enum`. */
  readonly options?: readonly string[];
  readonly label?: string;
  /** Clients can set it. */
  readonly writable?: true;
  /** The site's correction, already in the values: published = measured · scale + offset. */
  readonly scale: number;
  readonly offset: number;
}

/**
 * A device and its channels as they are from one connect or change of configuration to the next. Immutable: a new one is
 * made when anything in it changes, so that sinks may key what they derive by identity.
 */
export interface DeviceDescription {
  readonly gateway: string;
  readonly device: string;
  readonly label?: string;
  /** Catalogue id, e.g. `lakeshore-218`. */
  readonly model: string;
  readonly manufacturer?: string;
  readonly modelName?: string;
  readonly serialNumber?: string;
  readonly firmware?: string;
  /** The configured port in words, e.g. `/dev/ttyUSB0`. */
  readonly port: string;
  readonly simulated: boolean;
  /** InfluxDB measurement. */
  readonly measurement: string;
  /** The site's tags, gateway's and device's merged. */
  readonly tags: Readonly<Record<string, string>>;
  /** Seconds between two samples; undefined for a talker that may say all it has to say. */
  readonly interval?: number;
  /** What thins its messages on MQTT, and nothing else. */
  readonly publish?: {
    /** By channel id, in the channel's unit: less of a change is no news. */
    readonly deadband: Readonly<Record<string, number>>;
    /** Seconds after which a value is published again, changed or not. */
    readonly maxInterval: number;
  };
  readonly channels: ReadonlyMap<string, ChannelDescription>;
}
