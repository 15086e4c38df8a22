import { type ConfigIssue, configIssues, LabwireError, type Logger } from '../base/index.ts';
import { type Configuration, configSchema } from '../config/index.ts';
import { Catalogue, type InstrumentClass, type ModelInput, parseModel } from '../instrument/index.ts';
import type { Emulator } from '../port/index.ts';
import { type DevicePlan, type Parts, planDevice } from './device-plan.ts';
import { doublePorts } from './double-ports.ts';
import type { Concealed } from './findings.ts';
import { type LinePlan, planLines } from './line-plan.ts';

/** What a gateway is composed of. */
export interface GatewayParts {
  /** Driver classes by the names that catalogue entries call them by. */
  readonly drivers: Readonly<Record<string, InstrumentClass>>;
  /** Folders of catalogue files, or entries, of two with one id the later counts; or a catalogue that was read already. */
  readonly models: readonly (string | ModelInput)[] | Catalogue;
  /** Emulated instruments by model id, for ports that are `{ emulated: true }`. */
  readonly emulators?: Readonly<Record<string, Emulator>>;
}

/** Reads the catalogue. A faulty file or entry is named in the log and left out. */
export function compose({ drivers, models, emulators }: GatewayParts, log: Logger): Parts {
  return {
    catalogue: models instanceof Catalogue ? models : readCatalogue(models, log),
    drivers: new Map(Object.entries(drivers)),
    emulators: new Map(Object.entries(emulators ?? {})),
  };
}

function readCatalogue(models: readonly (string | ModelInput)[], log: Logger): Catalogue {
  const catalogue = new Catalogue();
  for (const source of models) {
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
  return catalogue;
}

export interface Plans {
  readonly devices: ReadonlyMap<string, DevicePlan>;
  /** By device. */
  readonly lines: ReadonlyMap<string, LinePlan>;
  readonly issues: readonly ConfigIssue[];
}

/** Plans every device of a configuration. */
export function planDevices(configuration: Configuration, parts: Parts, concealed?: Concealed): Plans {
  const devices = new Map<string, DevicePlan>();
  const issues: ConfigIssue[] = [];
  for (const id of Object.keys(configuration.devices)) {
    const planned = planDevice(id, configuration, parts, concealed);
    issues.push(...planned.issues);
    if (planned.plan) devices.set(id, planned.plan);
  }
  const { lines, issues: ofLines } = planLines(configuration, devices, concealed);
  issues.push(...doublePorts(configuration), ...ofLines);
  return { devices, lines, issues };
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

/**
 * All that is wrong with a configuration, devices with their models, drivers and tasks included.
 *
 * @param concealed whether the value at a place must not be shown, since it was put in from elsewhere; default: none
 */
export function checkConfiguration(
  configuration: Configuration,
  parts: GatewayParts,
  log: Logger,
  concealed?: Concealed,
): readonly ConfigIssue[] {
  return planDevices(configuration, compose(parts, log), concealed).issues;
}
