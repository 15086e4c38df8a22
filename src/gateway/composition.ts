import { LabwireError, type Logger } from '../base/index.ts';
import { type ConfigIssue, type Configuration, configIssues, configSchema } from '../config/index.ts';
import { Catalogue, type InstrumentClass, type ModelInput, parseModel } from '../instrument/index.ts';
import type { Emulator } from '../port/index.ts';
import { type DevicePlan, type Parts, planDevice } from './device-plan.ts';

/** What a gateway is composed of. */
export interface GatewayParts {
  /** Driver classes by the names that catalogue entries call them by. */
  readonly drivers: Readonly<Record<string, InstrumentClass>>;
  /** Folders of catalogue files, or entries; of two with one id the later counts. */
  readonly models: readonly (string | ModelInput)[];
  /** Emulated instruments by model id, for ports that are `{ emulated: true }`. */
  readonly emulators?: Readonly<Record<string, Emulator>>;
}

/** Reads the catalogue. A faulty file or entry is named in the log and left out. */
export function compose(parts: GatewayParts, log: Logger): Parts {
  const catalogue = new Catalogue();
  for (const source of parts.models) {
    if (typeof source === 'string') {
      catalogue.addFolder(source, log);
      continue;
    }
    try {
      catalogue.add(parseModel(source, `"${source.id}"`));
    } catch (error) {
      if (!(error instanceof LabwireError)) throw error;
      log.error(error.message);
    }
  }
  return {
    catalogue,
    drivers: new Map(Object.entries(parts.drivers)),
    emulators: new Map(Object.entries(parts.emulators ?? {})),
  };
}

export interface Plans {
  readonly devices: ReadonlyMap<string, DevicePlan>;
  readonly issues: readonly ConfigIssue[];
}

/** Plans every device of a configuration. */
export function planDevices(configuration: Configuration, parts: Parts): Plans {
  const devices = new Map<string, DevicePlan>();
  const issues: ConfigIssue[] = [];
  for (const id of Object.keys(configuration.devices)) {
    const planned = planDevice(id, configuration, parts);
    issues.push(...planned.issues);
    if (planned.plan) devices.set(id, planned.plan);
  }
  issues.push(...doublePorts(configuration));
  return { devices, issues };
}

/** Two devices on one path would take the port from each other for ever. */
function doublePorts({ devices }: Configuration): ConfigIssue[] {
  const owners = new Map<string, string>();
  const issues: ConfigIssue[] = [];
  for (const [id, { port }] of Object.entries(devices)) {
    if (!('path' in port)) continue;
    const owner = owners.get(port.path);
    if (owner === undefined) owners.set(port.path, id);
    else {
      const path = ['devices', id, 'port', 'path'];
      const message = `${path.join('.')} is the port of ${owner} already; give one of them another port`;
      issues.push({ code: 'CONFIG_INVALID', path, at: 'value', message, severity: 'error' });
    }
  }
  return issues;
}

/** Reads a configuration that a program hands over. @throws LabwireError CONFIG_INVALID with all that is wrong */
export function parseConfiguration(input: unknown, parts: Parts): Configuration {
  const schema = configSchema(parts.drivers.keys());
  const result = schema.safeParse(input, { reportInput: true });
  if (result.success) return result.data;
  throw configurationError(configIssues(result.error.issues, { schema }));
}

/** All errors among the issues as one error; undefined where there are only warnings. */
export function configurationError(issues: readonly ConfigIssue[]): LabwireError {
  const lines = issues.filter(({ severity }) => severity === 'error').map(({ message }) => message.replace(/\.$/, ''));
  return new LabwireError('CONFIG_INVALID', `The configuration is refused: ${lines.join('; ')}`);
}

/** All that is wrong with a configuration, devices with their models, drivers and tasks included. */
export function checkConfiguration(
  configuration: Configuration,
  parts: GatewayParts,
  log: Logger,
): readonly ConfigIssue[] {
  return planDevices(configuration, compose(parts, log)).issues;
}
