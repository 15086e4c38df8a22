import type { Sink, SinkParts } from '../sink.ts';

/** InfluxDB 1: `database`, `username`, `password`; 2 and 3 by their 1.x endpoint: `token`, `org`, `bucket`. */
export interface InfluxSinkOptions {
  /** Name of the sink and of its offset in the journal. */
  readonly name: string;
  /** `http://host:8086`. */
  readonly url: string;
  readonly database?: string | undefined;
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  readonly token?: string | undefined;
  readonly org?: string | undefined;
  readonly bucket?: string | undefined;
}

export function influxSink(_options: InfluxSinkOptions, _parts: SinkParts): Sink {
  throw new Error('to come');
}
