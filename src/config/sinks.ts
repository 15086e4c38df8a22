import type { MqttConfiguration } from './mqtt-schema.ts';
import type { Configuration } from './schema.ts';
import type { FilesConfiguration, InfluxConfiguration } from './sink-schema.ts';

/** A broker, database or folder of a configuration, by its name. */
export type ConfiguredSink =
  | { readonly kind: 'mqtt'; readonly name: string; readonly options: MqttConfiguration }
  | { readonly kind: 'influx'; readonly name: string; readonly options: InfluxConfiguration }
  | { readonly kind: 'files'; readonly name: string; readonly options: FilesConfiguration };

type Sinks = Pick<Configuration, 'mqtt' | 'influx' | 'files'>;

/** All sinks of a configuration, in the order of their keys; one without a name has that of its kind. */
export function configuredSinks(configuration: Sinks): ConfiguredSink[] {
  return [
    ...listed(configuration.mqtt).map(({ name = 'mqtt', ...options }) => ({ kind: 'mqtt' as const, name, options })),
    ...listed(configuration.influx).map(({ name = 'influx', ...options }) => ({
      kind: 'influx' as const,
      name,
      options,
    })),
    ...listed(configuration.files).map(({ name = 'files', ...options }) => ({ kind: 'files' as const, name, options })),
  ];
}

function listed<T extends object>(given: T | readonly T[] | undefined): readonly T[] {
  if (given === undefined) return [];
  return Array.isArray(given) ? given : [given as T];
}
