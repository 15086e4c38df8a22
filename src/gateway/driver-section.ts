import { type ConfigPath, configIssues, isObject } from '../base/index.ts';
import { type DeviceConfiguration, driverSection } from '../config/index.ts';
import type { InstrumentClass, Model } from '../instrument/index.ts';
import { atSite, type Findings } from './findings.ts';

export interface DriverSection {
  /** As the driver's own schema has read it. */
  readonly options: unknown;
}

/**
 * Reads a device's section for its driver: the site's keys over the model's.
 *
 * @returns undefined where it is refused
 */
export function readDriverSection(
  device: DeviceConfiguration,
  model: Model,
  drivers: ReadonlyMap<string, InstrumentClass>,
  findings: Findings,
): DriverSection | undefined {
  refuseOtherSections(device, model, drivers, findings);
  const schema = drivers.get(model.driver)?.options;
  const own = driverSection(device, model.driver);
  if (!schema) {
    if (own !== undefined) {
      const text = 'is a section that this driver does not have';
      findings.add({ code: 'CONFIG_UNKNOWN_KEY', place: atSite(model.driver), at: 'key', text });
    }
    return { options: undefined };
  }
  const result = schema.safeParse(merged(model.driverOptions, own), { reportInput: true });
  if (result.success) return { options: result.data };
  const prefix = findings.path([model.driver]);
  const issues = configIssues(result.error.issues, { schema, prefix, concealed: findings.concealed, hint });
  findings.issues.push(...issues);
  return undefined;
}

function refuseOtherSections(
  device: DeviceConfiguration,
  model: Model,
  drivers: ReadonlyMap<string, InstrumentClass>,
  findings: Findings,
): void {
  for (const other of drivers.keys()) {
    if (other === model.driver || driverSection(device, other) === undefined) continue;
    const text = `is a section for another driver; ${model.id} has the driver "${model.driver}"`;
    findings.add({ code: 'CONFIG_UNKNOWN_KEY', place: atSite(other), at: 'key', text });
  }
}

function merged(byModel: unknown, bySite: unknown): unknown {
  return isObject(byModel) && isObject(bySite) ? { ...byModel, ...bySite } : (bySite ?? byModel);
}

/** The keys under which a site's section declares channels: those that it has, whether or not they are right. */
export function sectionChannels(device: DeviceConfiguration, driver: string): Readonly<Record<string, unknown>> {
  const section = driverSection(device, driver);
  const channels = isObject(section) && Object.hasOwn(section, 'channels') ? section.channels : {};
  return isObject(channels) ? channels : {};
}

/** What a section declares, `channels` of the device changes: people look for both in one place. */
function hint(path: ConfigPath, key: string): string | undefined {
  const [devices, id] = path;
  if (path.at(-2) !== 'channels' || !['name', 'scale', 'offset'].includes(key)) return undefined;
  return ` Name, scale and offset go into ${devices}.${id}.channels.${path.at(-1)}`;
}
