import { didYouMean, type ErrorCode, isMember, LabwireError, MEMBER, toError } from '../base/index.ts';
import {
  type ConfigIssue,
  type ConfigPath,
  type Configuration,
  channelId,
  configIssues,
  type DeviceConfiguration,
  driverSection,
} from '../config/index.ts';
import {
  type Catalogue,
  type ChannelFacts,
  configureInstrument,
  type DeviceDescription,
  type Instrument,
  type InstrumentClass,
  type Model,
  RecordedChannel,
  units,
} from '../instrument/index.ts';
import type { Emulator } from '../port/index.ts';
import { checkValue, type SettingCore, type SettingValue, walk } from '../service/index.ts';
import { Task, type TaskControl, taskControl } from '../task/index.ts';
import { definedOnly } from './defined-only.ts';
import { portName } from './port-options.ts';

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
export function planDevice(id: string, configuration: Configuration, parts: Parts): PlannedDevice {
  return new DevicePlanner(id, configuration, parts).plan();
}

class DevicePlanner {
  readonly #id: string;
  readonly #gateway: Configuration['gateway'];
  readonly #device: DeviceConfiguration;
  readonly #parts: Parts;
  readonly #issues: ConfigIssue[] = [];

  constructor(id: string, configuration: Configuration, parts: Parts) {
    this.#id = id;
    this.#gateway = configuration.gateway;
    this.#device = configuration.devices[id] as DeviceConfiguration;
    this.#parts = parts;
  }

  plan(): PlannedDevice {
    const { catalogue, drivers, emulators } = this.#parts;
    const model = catalogue.get(this.#device.model);
    if (!model) {
      this.#report(
        'MODEL_UNKNOWN',
        ['model'],
        'value',
        `names no model of the catalogue.${didYouMean(this.#device.model, catalogue.ids)}`,
      );
      return { issues: this.#issues };
    }
    const driver = drivers.get(model.driver);
    if (!driver) {
      const text = `has the driver "${model.driver}", which is not there.${didYouMean(model.driver, drivers.keys())}`;
      this.#report('DRIVER_UNKNOWN', ['model'], 'value', text);
      return { issues: this.#issues };
    }
    const emulated = 'emulated' in this.#device.port;
    const emulator = emulated ? emulators.get(model.id) : undefined;
    if (emulated && !emulator) {
      const known = [...emulators.keys()].sort().join(', ');
      this.#report(
        'MODEL_UNKNOWN',
        ['port'],
        'value',
        `is emulated, but ${model.id} has no emulator; there are ${known}`,
      );
    }

    const instrument = new driver();
    const options = this.#options(model, driver);
    configureInstrument(instrument, options);
    const { tasks, settings } = membersOf(instrument, this.#id);
    if (!tasks.has('acquire')) {
      this.#report(
        'DRIVER_INVALID',
        ['model'],
        'value',
        `has the driver "${model.driver}", which has no task "acquire"`,
      );
    }
    const facts = options !== INVALID && driver.channelsFrom ? driver.channelsFrom(options as never) : {};
    const channels = this.#channels({ ...facts, ...model.channels }, new Set([...tasks.keys(), ...settings.keys()]));
    this.#configureTasks(tasks, model);
    const settingValues = this.#settingValues(settings, model);
    this.#checkTags(channels);
    const errors = this.#issues.some((issue) => issue.severity === 'error');
    if (errors) return { issues: this.#issues };
    return {
      issues: this.#issues,
      plan: {
        id: this.#id,
        configuration: this.#device,
        model,
        instrument,
        tasks,
        settings,
        settingValues,
        channels,
        description: this.#describe(model, channels, settingValues, emulated),
        emulator,
      },
    };
  }

  /** The driver's section: the site's keys over the model's, read by the driver's own schema. */
  #options(model: Model, driver: InstrumentClass): unknown {
    const own = driverSection(this.#device, model.driver);
    const isMapping = (value: unknown): value is object =>
      typeof value === 'object' && value !== null && !Array.isArray(value);
    const merged =
      isMapping(own) && isMapping(model.driverOptions)
        ? { ...model.driverOptions, ...own }
        : (own ?? model.driverOptions);
    for (const other of this.#parts.drivers.keys()) {
      if (other === model.driver || driverSection(this.#device, other) === undefined) continue;
      this.#report(
        'CONFIG_UNKNOWN_KEY',
        [other],
        'key',
        `is a section for another driver; ${model.id} has the driver "${model.driver}"`,
      );
    }
    if (!driver.options) {
      if (own !== undefined)
        this.#report('CONFIG_UNKNOWN_KEY', [model.driver], 'key', 'is a section that this driver does not have');
      return undefined;
    }
    const result = driver.options.safeParse(merged, { reportInput: true });
    if (result.success) return result.data;
    const prefix = ['devices', this.#id, model.driver];
    this.#issues.push(...configIssues(result.error.issues, { schema: driver.options, prefix }));
    return INVALID;
  }

  #channels(facts: Record<string, ChannelFacts>, memberNames: Set<string>): Map<string, RecordedChannel> {
    const channels = new Map<string, RecordedChannel>();
    const taken = new Map<string, string>();
    for (const key of Object.keys(this.#device.channels ?? {})) {
      if (key in facts) continue;
      const text = `is no channel of ${this.#device.model}.${didYouMean(key, Object.keys(facts))}`;
      this.#report('CONFIG_INVALID', ['channels', key], 'key', text);
    }
    for (const [key, declared] of Object.entries(facts)) {
      const site = this.#device.channels?.[key];
      const { name = key, scale = 1, offset = 0, ...changed } = site || {};
      const { type = 'number', kind = 'measurement', ...rest } = { ...declared, ...changed };
      const description = { id: name, type, kind, scale, offset, ...definedOnly(rest) };
      const where = site ? ['channels', key] : ['model'];
      if (!channelId.safeParse(name).success) {
        this.#report(
          'CONFIG_INVALID',
          where,
          'value',
          `gives the channel the id "${name}", which is reserved or malformed`,
        );
      }
      if (type === 'enum' && !rest.options)
        this.#report('CONFIG_INVALID', where, 'value', `makes ${name} an enum without options`);
      if (rest.unit !== undefined && !units.has(rest.unit)) {
        const text = `has the unit "${rest.unit}", which labwire cannot translate for Home Assistant, Grafana and pint.${didYouMean(rest.unit, units.keys())}`;
        this.#report('CONFIG_INVALID', where, 'value', text, 'warning');
      }
      if (site !== false) {
        const other = taken.get(name) ?? (memberNames.has(name) ? 'a setting or task' : undefined);
        if (other)
          this.#report('CONFIG_INVALID', where, 'value', `gives ${key} the id "${name}", which ${other} has already`);
        taken.set(name, `the channel ${key}`);
      }
      channels.set(key, new RecordedChannel(description, site !== false));
    }
    return channels;
  }

  #configureTasks(tasks: ReadonlyMap<string, TaskControl>, model: Model): void {
    const layers = [
      { layer: model.id, options: model.tasks, where: ['model'] },
      { layer: 'the configuration', options: this.#device.tasks, where: ['tasks'] },
    ];
    for (const { layer, options, where } of layers) {
      for (const [name, values] of Object.entries(options ?? {})) {
        const control = tasks.get(name);
        const path = where[0] === 'tasks' ? ['tasks', name] : where;
        if (!control) {
          this.#report('CONFIG_INVALID', path, 'key', `is no task of ${model.id}.${didYouMean(name, tasks.keys())}`);
          continue;
        }
        try {
          control.configure(layer, values);
        } catch (error) {
          const key = Object.keys(values).find((option) => toError(error).message.includes(option));
          this.#report(
            error instanceof LabwireError ? error.code : 'INTERNAL',
            path[0] === 'tasks' && key !== undefined ? [...path, key] : path,
            'value',
            `is refused: ${withoutCode(toError(error).message)}`,
          );
        }
      }
    }
    for (const [name, control] of tasks) {
      const where = this.#device.tasks?.[name] ? ['tasks', name] : ['model'];
      for (const text of control.warnings()) this.#report('TASK_OPTION', where, 'value', `: ${text}`, 'warning');
    }
  }

  #settingValues(settings: ReadonlyMap<string, SettingCore>, model: Model): Map<string, SettingValue> {
    const values = new Map<string, SettingValue>();
    const take = (name: string, value: SettingValue, path: ConfigPath): void => {
      const setting = settings.get(name);
      if (!setting) {
        this.#report(
          'CONFIG_INVALID',
          path,
          'key',
          `is no setting of ${model.id}.${didYouMean(name, settings.keys())}`,
        );
        return;
      }
      try {
        checkValue(name, setting.rules, value);
        values.set(name, value);
      } catch (error) {
        this.#report('VALUE_INVALID', path, 'value', `is refused: ${withoutCode(toError(error).message)}`);
      }
    };
    for (const [name, value] of Object.entries(model.settings ?? {})) take(name, value, ['model']);
    if (settings.has('interval')) {
      if (model.interval !== undefined) take('interval', model.interval, ['model']);
      if (this.#device.interval !== undefined) take('interval', this.#device.interval, ['interval']);
    }
    for (const [name, value] of Object.entries(this.#device.settings ?? {})) take(name, value, ['settings', name]);
    return values;
  }

  /** A tag and a field of one name make a measurement that cannot be queried. */
  #checkTags(channels: ReadonlyMap<string, RecordedChannel>): void {
    const fields = new Set<string>();
    for (const { description, enabled } of channels.values()) {
      if (enabled) for (const suffix of ['', '_quality', '_reason']) fields.add(description.id + suffix);
    }
    for (const tag of Object.keys(this.#device.tags ?? {})) {
      if (fields.has(tag))
        this.#report(
          'CONFIG_INVALID',
          ['tags', tag],
          'key',
          'is also the name of a channel; choose another name for one of them',
        );
    }
    for (const tag of Object.keys(this.#gateway.tags)) {
      if (fields.has(tag))
        this.#report(
          'CONFIG_INVALID',
          [],
          'key',
          `has a channel with the name of the gateway's tag "${tag}"; choose another name for one of them`,
        );
    }
  }

  #describe(
    model: Model,
    channels: ReadonlyMap<string, RecordedChannel>,
    settingValues: ReadonlyMap<string, SettingValue>,
    simulated: boolean,
  ): DeviceDescription {
    const interval = settingValues.get('interval');
    // A model that declares no channel is described by the site, device by device: one measurement would mix them all.
    const describedBySite = model.channels === undefined && model.driverOptions === undefined;
    return {
      gateway: this.#gateway.id,
      device: this.#id,
      model: model.id,
      port: portName(this.#device.port),
      simulated,
      measurement: this.#device.measurement ?? (describedBySite ? this.#id : model.id.replaceAll('-', '_')),
      tags: { ...this.#gateway.tags, ...this.#device.tags },
      channels: new Map(
        [...channels.values()].filter(({ enabled }) => enabled).map(({ description }) => [description.id, description]),
      ),
      ...definedOnly({
        label: this.#device.label,
        manufacturer: model.manufacturer,
        modelName: model.model,
        interval: typeof interval === 'number' ? interval : undefined,
      }),
    };
  }

  #report(
    code: ErrorCode,
    path: ConfigPath,
    at: 'key' | 'value',
    text: string,
    severity: 'error' | 'warning' = 'error',
  ): void {
    const whole = ['devices', this.#id, ...path];
    this.#issues.push({ code, path: whole, at, message: `${whole.join('.')} ${text}`.replace(' : ', ': '), severity });
  }
}

/** Stands for a driver's section that its schema refused. */
const INVALID = Symbol('invalid');

function membersOf(instrument: Instrument, device: string): Pick<DevicePlan, 'tasks' | 'settings'> {
  const tasks = new Map<string, TaskControl>();
  const settings = new Map<string, SettingCore>();
  for (const { path, node } of walk(instrument)) {
    if (isMember(node)) node[MEMBER].path = `${device}.${path}`;
    if (node instanceof Task) tasks.set(path, taskControl(node));
    else if (isMember(node) && node[MEMBER].kind === 'setting') settings.set(path, node[MEMBER] as SettingCore);
  }
  return { tasks, settings };
}

function withoutCode(message: string): string {
  return message.replace(/ \([A-Z_]+\)$/, '');
}
