import { type ConfigIssue, didYouMean, isMember, MEMBER, toError } from '../base/index.ts';
import type { Configuration, DeviceConfiguration } from '../config/index.ts';
import {
  type Catalogue,
  configureInstrument,
  type DeviceDescription,
  type Instrument,
  type InstrumentClass,
  type Model,
  type RecordedChannel,
} from '../instrument/index.ts';
import type { Emulator } from '../port/index.ts';
import { type SettingCore, type SettingValue, walk } from '../service/index.ts';
import { Task, type TaskControl, taskControl } from '../task/index.ts';
import { planChannels } from './channel-plan.ts';
import { checkTags, describeDevice } from './device-description.ts';
import { readDriverSection } from './driver-section.ts';
import { atSite, type Concealed, Findings, inModel } from './findings.ts';
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
  readonly description: DeviceDescription;
  readonly emulator: Emulator | undefined;
}

export interface PlannedDevice {
  /** Absent where there is an error. */
  readonly plan?: DevicePlan;
  readonly issues: readonly ConfigIssue[];
}

/** Makes the plan of one device, or says all that is wrong with its configuration. */
export function planDevice(
  id: string,
  { gateway, devices }: Configuration,
  parts: Parts,
  concealed: Concealed = () => false,
): PlannedDevice {
  const device = devices[id] as DeviceConfiguration;
  const findings = new Findings(id, device.model, concealed);
  const { issues } = findings;
  const model = modelOf(device, parts, findings);
  const driver = model && driverOf(model, parts, findings);
  if (!driver) return { issues };
  const emulator = emulatorOf(device, parts, findings);

  const section = readDriverSection(device, model, parts.drivers, findings);
  const instrument = instrumentOf(driver, model, findings);
  if (!instrument) return { issues };
  configureInstrument(instrument, section?.options);
  const { tasks, settings, names } = membersOf(instrument, id);
  if (!tasks.has('acquire')) {
    const text = `is "${model.driver}", which has no task "acquire"`;
    findings.add({ code: 'DRIVER_INVALID', place: inModel('driver'), text });
  }
  planTasks(tasks, model, device, findings);
  const settingValues = planSettings(settings, model, device, findings);
  const fromSection = section && (driver.channelsFrom?.(section.options as never) ?? {});
  const channels = planChannels({ device, model, fromSection, members: names }, findings);
  const description = describeDevice({ id, gateway, device, model, channels, settingValues });
  checkTags(description, device.tags, findings);
  if (findings.faulty) return { issues };
  const members = { instrument, tasks, settings, settingValues, channels };
  return { issues, plan: { id, configuration: device, model, ...members, description, emulator } };
}

function modelOf(device: DeviceConfiguration, { catalogue }: Parts, findings: Findings): Model | undefined {
  const model = catalogue.get(device.model);
  if (!model) {
    const hint = didYouMean(device.model, catalogue.ids);
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

/** A faulty driver of a site must not keep the others from being checked. */
function instrumentOf(driver: InstrumentClass, model: Model, findings: Findings): Instrument | undefined {
  try {
    return new driver();
  } catch (error) {
    const text = `is "${model.driver}", whose constructor throws: ${toError(error).message}`;
    findings.add({ code: 'DRIVER_INVALID', place: inModel('driver'), text });
    return undefined;
  }
}

function emulatorOf({ model, port }: DeviceConfiguration, parts: Parts, findings: Findings): Emulator | undefined {
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
