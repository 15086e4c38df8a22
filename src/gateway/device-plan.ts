import { type ConfigIssue, configIssues, didYouMean, isMember, MEMBER, toError } from '../base/index.ts';
import type { Configuration, DeviceConfiguration, PortConfiguration } from '../config/index.ts';
import {
  type Catalogue,
  type ChannelCore,
  configureInstrument,
  type DeviceDescription,
  declaredChannels,
  type Exchange,
  type Instrument,
  type InstrumentClass,
  type Model,
  type RecordedChannel,
} from '../instrument/index.ts';
import { type Emulator, type Framing, lines } from '../port/index.ts';
import { type SettingCore, type SettingValue, walk } from '../service/index.ts';
import { Task, type TaskControl, taskControl } from '../task/index.ts';
import { exposeChannels } from './channel-members.ts';
import { planChannels } from './channel-plan.ts';
import { checkDeadBands, checkTags, describeDevice } from './device-description.ts';
import { type DriverSection, readDriverSection } from './driver-section.ts';
import { atSite, type Concealed, Findings, inModel } from './findings.ts';
import { lineOptions, type SerialFacts } from './port-options.ts';
import { planSettings } from './setting-plan.ts';
import { planTasks } from './task-plan.ts';

/** What a configuration may name: the parts that a gateway is composed of. */
export interface Parts {
  readonly catalogue: Catalogue;
  readonly drivers: ReadonlyMap<string, InstrumentClass>;
  readonly emulators: ReadonlyMap<string, Emulator>;
}

/** Everything that is known about a device before its port is opened. */
export interface DevicePlan {
  readonly id: string;
  readonly configuration: DeviceConfiguration;
  readonly model: Model;
  /** Set up, its tasks configured; attached to no port yet. */
  readonly instrument: Instrument;
  readonly tasks: ReadonlyMap<string, TaskControl>;
  readonly settings: ReadonlyMap<string, SettingCore>;
  /** Values of settings that model or site name. */
  readonly settingValues: ReadonlyMap<string, SettingValue>;
  /** By the driver's channel ids. */
  readonly channels: ReadonlyMap<string, RecordedChannel>;
  /** What clients see of them, by published ids. */
  readonly channelMembers: ReadonlyMap<string, ChannelCore>;
  readonly description: DeviceDescription;
  /** The model's facts under the site's; a shared line has its own settings over the model's. */
  readonly serial: SerialFacts;
  readonly timing: TimingFacts;
  /** Undefined where the driver knows no addresses. */
  readonly address: number | string | undefined;
  readonly framing: Framing;
  /** What one poll sends and receives; empty where the driver does not tell. */
  readonly exchanges: readonly Exchange[];
  readonly emulator: Emulator | undefined;
}

type TimingFacts = NonNullable<Model['timing']>;

export interface PlannedDevice {
  /** Absent where there is an error. */
  readonly plan?: DevicePlan;
  readonly issues: readonly ConfigIssue[];
}

/** Makes the plan of one device, or says all that is wrong with its configuration. */
export function planDevice(
  id: string,
  configuration: Configuration,
  parts: Parts,
  concealed: Concealed = () => false,
): PlannedDevice {
  const { gateway, devices, ports } = configuration;
  const device = devices[id] as DeviceConfiguration;
  const findings = new Findings(id, device.model, concealed);
  const { issues } = findings;
  const model = modelOf(device, parts, findings);
  const driver = model && driverOf(model, parts, findings);
  if (!driver) return { issues };
  const shared = typeof device.port === 'string' ? sharedPort(device, device.port, ports, findings) : undefined;
  const port = typeof device.port === 'string' ? shared : device.port;
  const emulator = port && emulatorOf(device, port, parts, findings);

  const section = readDriverSection(device, model, parts.drivers, findings);
  const instrument = said('constructor', () => new driver(), model, findings);
  if (!instrument) return { issues };
  configureInstrument(instrument, section?.options);
  const { tasks, settings, names } = membersOf(instrument, id);
  if (!tasks.has('acquire')) {
    const text = `is "${model.driver}", which has no task "acquire"`;
    findings.add({ code: 'DRIVER_INVALID', place: inModel('driver'), text });
  }
  planTasks(tasks, model, device, findings);
  const settingValues = planSettings(settings, model, device, findings);
  const fromSection =
    section && said('channelsFrom', () => driver.channelsFrom?.(section.options as never) ?? {}, model, findings);
  const address = planAddress(driver, model, device, findings);
  const framing = planFraming(driver, section, model, device, findings);
  const writable = declaredChannels(instrument);
  const channels = planChannels({ device, model, fromSection, members: names, writable }, findings);
  const description = describeDevice({ id, gateway, device, port, model, channels, settingValues });
  checkTags(description, device.tags, findings);
  checkDeadBands(description, findings);
  const wanted = [...channels].filter(([, { enabled }]) => enabled).map(([channel]) => channel);
  const exchanges =
    section && said('exchanges', () => driver.exchanges?.(section.options as never, wanted) ?? [], model, findings);
  if (findings.faulty || !framing || !exchanges) return { issues };
  const channelMembers = exposeChannels({ device: id, instrument, acquire: tasks.get('acquire') }, channels, writable);
  const members = { instrument, tasks, settings, settingValues, channels, channelMembers };
  const line = {
    serial: { ...model.serial, ...(shared ? shared.serial : device.serial) },
    timing: { ...model.timing, ...device.timing },
    address,
    framing,
    exchanges,
    emulator,
  };
  return { issues, plan: { id, configuration: device, model, ...members, description, ...line } };
}

/** The line that a device names, whose settings are its own. */
function sharedPort(
  device: DeviceConfiguration,
  name: string,
  ports: Configuration['ports'],
  findings: Findings,
): Configuration['ports'][string] | undefined {
  const shared = Object.hasOwn(ports, name) ? ports[name] : undefined;
  if (!shared) {
    const text = `is "${name}", and "ports" has no line of that name`;
    findings.add({ code: 'CONFIG_INVALID', place: atSite('port'), text, hint: didYouMean(name, Object.keys(ports)) });
  }
  if (device.serial) {
    const text = `belongs to the line that the device shares: move it to ports.${name}.serial`;
    findings.add({ code: 'CONFIG_INVALID', place: atSite('serial'), at: 'key', text });
  }
  return shared;
}

function planAddress(
  driver: InstrumentClass,
  model: Model,
  device: DeviceConfiguration,
  findings: Findings,
): number | string | undefined {
  const place = device.address === undefined ? inModel('address') : atSite('address');
  const value = device.address ?? model.address;
  if (!driver.address) {
    if (value !== undefined) {
      const text = `is given, but the driver "${model.driver}" knows no addresses`;
      findings.add({ code: 'CONFIG_INVALID', place, at: 'key', text });
    }
    return undefined;
  }
  const result = driver.address.safeParse(value, { reportInput: true });
  if (result.success) return result.data;
  if (value === undefined) {
    findings.add({ code: 'CONFIG_INVALID', place: atSite(), at: 'key', text: 'needs an address, e.g. address: 1' });
    return undefined;
  }
  const { concealed } = findings;
  const prefix = place.by === 'site' ? findings.path(place.path) : [];
  const issues = configIssues(result.error.issues, { schema: driver.address, prefix, concealed, whole: 'it' });
  if (place.by === 'site') findings.issues.push(...issues);
  else findings.add({ code: 'CONFIG_INVALID', place, text: `is refused: ${issues.map(({ message }) => message)}` });
  return undefined;
}

/** Undefined where it cannot be made, which has been said then. */
function planFraming(
  driver: InstrumentClass,
  section: DriverSection | undefined,
  model: Model,
  device: DeviceConfiguration,
  findings: Findings,
): Framing | undefined {
  if (driver.framing) {
    if (device.framing ?? model.framing) {
      const place = device.framing ? atSite('framing') : inModel('framing');
      const text = `is given, but the driver "${model.driver}" has a framing of its own`;
      findings.add({ code: 'CONFIG_INVALID', place, at: 'key', text });
    }
    return section && said('framing', () => driver.framing?.(section.options as never), model, findings);
  }
  const { lines: facts } = { ...model.framing, ...device.framing };
  return lines(lineOptions(facts));
}

function modelOf(device: DeviceConfiguration, { catalogue }: Parts, findings: Findings): Model | undefined {
  const model = catalogue.get(device.model);
  if (!model) {
    const hint = didYouMean(device.model, catalogue.ids) || ' `labwire models` lists them';
    findings.add({ code: 'MODEL_UNKNOWN', place: atSite('model'), text: 'names no model of the catalogue', hint });
  }
  return model;
}

function driverOf({ driver: name }: Model, { drivers }: Parts, findings: Findings): InstrumentClass | undefined {
  const driver = drivers.get(name);
  if (!driver) {
    const text = `is "${name}", and no driver of that name is there`;
    findings.add({ code: 'DRIVER_UNKNOWN', place: inModel('driver'), text, hint: didYouMean(name, drivers.keys()) });
  }
  return driver;
}

/** What a driver's class says. A faulty one of a site must not keep the others from being checked. */
function said<T>(what: string, ask: () => T, { driver }: Model, findings: Findings): T | undefined {
  try {
    return ask();
  } catch (error) {
    const text = `is "${driver}", whose ${what} throws: ${toError(error).message}`;
    findings.add({ code: 'DRIVER_INVALID', place: inModel('driver'), text });
    return undefined;
  }
}

function emulatorOf(
  { model }: DeviceConfiguration,
  port: PortConfiguration,
  parts: Parts,
  findings: Findings,
): Emulator | undefined {
  if (!('emulated' in port)) return undefined;
  const emulator = parts.emulators.get(model);
  if (!emulator) {
    const known = [...parts.emulators.keys()].sort().join(', ');
    const text = `is emulated, but ${model} has no emulator; there are ${known}`;
    findings.add({ code: 'MODEL_UNKNOWN', place: atSite('port'), text });
  }
  return emulator;
}

interface Members extends Pick<DevicePlan, 'tasks' | 'settings'> {
  /** Every name that is taken, with its words for a message, e.g. `the task acquire`. */
  readonly names: ReadonlyMap<string, string>;
}

function membersOf(instrument: Instrument, device: string): Members {
  const tasks = new Map<string, TaskControl>();
  const settings = new Map<string, SettingCore>();
  const names = new Map<string, string>();
  for (const { path, node } of walk(instrument)) {
    names.set(path, `the ${isMember(node) ? node[MEMBER].kind : 'service'} ${path}`);
    if (isMember(node)) node[MEMBER].path = `${device}.${path}`;
    if (node instanceof Task) tasks.set(path, taskControl(node));
    else if (isMember(node) && node[MEMBER].kind === 'setting') settings.set(path, node[MEMBER] as SettingCore);
  }
  return { tasks, settings, names };
}
