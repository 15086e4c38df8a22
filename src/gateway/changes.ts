import { type Configuration, type ConfiguredSink, configuredSinks } from '../config/index.ts';

/** What must be made anew for a changed configuration; what is not named goes on undisturbed. */
export interface ConfigurationChange {
  readonly removed: readonly string[];
  readonly added: readonly string[];
  /** Stopped with their old text and started with their new one. */
  readonly changed: readonly string[];
  /** Names of sinks that are removed; nothing is kept for them. */
  readonly removedSinks: readonly string[];
  /** Sinks that are new, or stopped with their old text and started with their new one. */
  readonly sinks: readonly ConfiguredSink[];
  readonly server: boolean;
}

/**
 * Compares two configurations. A device is the same when its text, its model, and what it inherits from the gateway are.
 *
 * @param remodelled whether the catalogue now says something else of a device's model
 */
export function compareConfigurations(
  before: Configuration,
  after: Configuration,
  remodelled: (device: string) => boolean = () => false,
): ConfigurationChange {
  const inherited = !same({ ...before.gateway, readOnly: false }, { ...after.gateway, readOnly: false });
  const renamed = before.gateway.id !== after.gateway.id;
  const ids = Object.keys(after.devices);
  const sinksBefore = new Map(configuredSinks(before).map((sink) => [sink.name, sink]));
  const sinksAfter = configuredSinks(after);
  return {
    removed: Object.keys(before.devices).filter((id) => !(id in after.devices)),
    added: ids.filter((id) => !(id in before.devices)),
    changed: ids.filter(
      (id) => id in before.devices && (inherited || remodelled(id) || !same(before.devices[id], after.devices[id])),
    ),
    removedSinks: [...sinksBefore.keys()].filter((name) => !sinksAfter.some((sink) => sink.name === name)),
    sinks: sinksAfter.filter((sink) => renamed || !same(sinksBefore.get(sink.name), sink)),
    server: !same(before.server, after.server),
  };
}

/** By their text: what was read from the same file has its keys in the same order. */
export function same(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
