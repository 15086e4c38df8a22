import { describe, expect, it } from 'vitest';
import { type ConfigIssue, silentLogger } from '../../src/base/index.ts';
import { configSchema } from '../../src/config/index.ts';
import { compose } from '../../src/gateway/composition.ts';
import { type DevicePlan, planDevice } from '../../src/gateway/device-plan.ts';
import { Instrument, type InstrumentClass, lines, type ModelInput, task } from '../../src/index.ts';
import { thermometerModel, thermometerParts, withThermometer } from './thermometer.ts';

const parts = compose(thermometerParts, silentLogger);

function planned(
  device: Record<string, unknown> = {},
  rest = {},
): { plan?: DevicePlan; issues: readonly ConfigIssue[] } {
  const configuration = configSchema(parts.drivers.keys()).parse(withThermometer(device, rest));
  return planDevice('oven', configuration, parts);
}

function plan(device: Record<string, unknown> = {}, rest = {}): DevicePlan {
  const { plan: made, issues } = planned(device, rest);
  if (!made) throw new Error(issues.map(({ message }) => message).join('; '));
  return made;
}

/** By a model that says nothing of framing. */
function plannedWith(driver: InstrumentClass): ReturnType<typeof planned> {
  const { framing: _, ...model } = thermometerModel;
  const own = compose({ drivers: { thermometer: driver }, models: [model as ModelInput] }, silentLogger);
  return planDevice('oven', configSchema(own.drivers.keys()).parse(withThermometer()), own);
}

it('a driver has a framing of its own without a section of the configuration, too', () => {
  class Framed extends Instrument {
    static readonly framing = () => lines({ receive: '>', send: '\r' });
    readonly acquire = task({ autostart: true }, async () => {});
  }
  expect(plannedWith(Framed).plan?.framing).toBeDefined();
});

describe('a faulty driver', () => {
  const withDriver = (driver: InstrumentClass): readonly ConfigIssue[] => plannedWith(driver).issues;

  it('whose constructor throws is named, and ends nothing else', () => {
    class Broken extends Instrument {
      readonly value: never = (() => {
        throw new Error('no such library');
      })();
    }
    expect(withDriver(Broken)).toMatchObject([
      { code: 'DRIVER_INVALID', message: expect.stringMatching(/no such library/) },
    ]);
  });

  it.each(['channelsFrom', 'exchanges', 'framing'] as const)(
    'whose %s throws is named, and ends nothing else',
    (name) => {
      class Broken extends Instrument {
        readonly acquire = task({ autostart: true }, async () => {});
      }
      const faulty = Object.assign(Broken, {
        [name]: () => {
          throw new Error('no such table');
        },
      });
      expect(withDriver(faulty)).toMatchObject([
        { code: 'DRIVER_INVALID', message: expect.stringMatching(/whose .* throws: no such table/) },
      ]);
    },
  );

  it('without a task acquire is named', () => {
    class Idle extends Instrument {}
    expect(withDriver(Idle)).toMatchObject([
      { code: 'DRIVER_INVALID', message: expect.stringMatching(/no task "acquire"/) },
    ]);
  });
});

describe('dead bands', () => {
  const messagesOf = (deadband: Record<string, number>, more = {}): string[] =>
    planned({ publish: { deadband, maxInterval: '1min' }, ...more }).issues.map(({ message }) => message);

  it('stand in the description by the ids of the site', () => {
    const channels = { temperature: { name: 'stage1' } };
    const { description } = plan({ channels, publish: { deadband: { stage1: 0.5 }, maxInterval: '1min' } });
    expect(description.publish).toEqual({ deadband: { stage1: 0.5 }, maxInterval: 60 });
  });

  it('are for numbers that the device has', () => {
    expect(messagesOf({ temperatur: 1 })).toEqual([
      'devices.oven.publish.deadband.temperatur is no channel of this device. Did you mean "temperature"?',
    ]);
    expect(messagesOf({ temperature: 1 }, { channels: { temperature: { type: 'text' } } })).toEqual([
      'devices.oven.publish.deadband.temperature is text: only a number has a dead band',
    ]);
  });
});

describe('another unit than that of the model', () => {
  const issuesOf = (temperature: object): readonly ConfigIssue[] => planned({ channels: { temperature } }).issues;

  it('is warned of where nothing converts, since who writes it mostly expects that', () => {
    expect(issuesOf({ unit: 'K' })).toMatchObject([
      {
        severity: 'warning',
        path: ['devices', 'oven', 'channels', 'temperature', 'unit'],
        message: expect.stringContaining('renames the unit, °C until here, and converts nothing'),
      },
    ]);
  });

  it('is nobody’s mistake with a scale or an offset, nor is the same unit in other letters', () => {
    expect(issuesOf({ unit: 'K', offset: 273.15 })).toEqual([]);
    expect(issuesOf({ unit: 'K', scale: 1 })).toEqual([]);
    expect(issuesOf({ unit: 'degC' })).toEqual([]);
  });
});

describe('the plan of a device', () => {
  it('takes the facts of the model', () => {
    const { description, instrument } = plan();
    expect(description).toMatchObject({
      gateway: 'lab',
      device: 'oven',
      model: 'thermo-1',
      manufacturer: 'Own build',
      measurement: 'thermo_1',
      port: '/dev/null',
      simulated: false,
    });
    expect(description.channels.get('temperature')).toEqual({
      id: 'temperature',
      type: 'number',
      kind: 'measurement',
      unit: '°C',
      quantity: 'temperature',
      scale: 1,
      offset: 0,
    });
    expect(instrument).toBeInstanceOf(thermometerParts.drivers.thermometer);
  });

  it('lets the site rename, correct and switch off channels', () => {
    const renamed = plan({ channels: { temperature: { name: 'air', label: 'Air', scale: 2, offset: -1 } } });
    expect(renamed.channels.get('temperature')?.judge(10)).toBe(19);
    expect([...renamed.description.channels.keys()]).toEqual(['air']);
    expect(plan({ channels: { temperature: false } }).description.channels.size).toBe(0);
  });

  it('merges task options: driver, then catalogue, then site', () => {
    const acquire = plan({ tasks: { acquire: { restartSec: 3 } } }).tasks.get('acquire');
    expect(acquire?.options).toMatchObject({ autostart: true, restartSec: 3 });
    expect(plan().tasks.get('acquire')?.options.restartSec).toBe(0.2);
  });

  it('sets the interval of a polled instrument, and knows it for the expiry of what it publishes', () => {
    const { settingValues, description } = plan({ interval: '500ms' });
    expect(settingValues.get('interval')).toBe(0.5);
    expect(description.interval).toBe(0.5);
  });

  it('merges tags and takes another measurement', () => {
    const { description } = plan(
      { tags: { room: '101' }, measurement: 'ovens' },
      { gateway: { id: 'lab', tags: { building: 'B' } } },
    );
    expect(description.tags).toEqual({ building: 'B', room: '101' });
    expect(description.measurement).toBe('ovens');
  });

  const faults: [what: string, device: Record<string, unknown>, path: string, says: RegExp][] = [
    ['an unknown model', { model: 'thermo-2' }, 'devices.oven.model', /Did you mean "thermo-1"/],
    [
      'an unknown channel',
      { channels: { temperatur: false } },
      'devices.oven.channels.temperatur',
      /Did you mean "temperature"/,
    ],
    ['an unknown setting', { settings: { spam: 'low' } }, 'devices.oven.settings.spam', /Did you mean "span"/],
    [
      'a value that a setting does not take',
      { settings: { span: 'middle' } },
      'devices.oven.settings.span',
      /low.*high/,
    ],
    ['an interval below the minimum', { interval: '1ms' }, 'devices.oven.interval', /0\.01/],
    ['an unknown task', { tasks: { aquire: {} } }, 'devices.oven.tasks.aquire', /Did you mean "acquire"/],
    [
      'an option that a task does not have',
      { tasks: { acquire: { restartSecs: 1 } } },
      'devices.oven.tasks.acquire.restartSecs',
      /restartSecs/,
    ],
    [
      'an option out of range',
      { tasks: { acquire: { restartSec: -1 } } },
      'devices.oven.tasks.acquire.restartSec',
      /restartSec/,
    ],
    ['a wrong driver section', { thermometer: { questions: 'x' } }, 'devices.oven.thermometer.questions', /question/],
    ['an emulated port without an emulator', { port: { emulated: true } }, 'devices.oven.port', /no emulator/],
    [
      'a tag with the name of a field',
      { tags: { temperature_quality: 'x' } },
      'devices.oven.tags.temperature_quality',
      /channel/,
    ],
    [
      'a channel with the name of a setting',
      { channels: { temperature: { name: 'span' } } },
      'devices.oven.channels.temperature.name',
      /the setting span/,
    ],
  ];
  it.each(faults)('refuses %s, with its place', (_what, device, path, says) => {
    const { plan: made, issues } = planned(device);
    expect(made).toBeUndefined();
    expect(issues.map((issue) => issue.path.join('.'))).toEqual([path]);
    expect(issues[0]?.message).toMatch(says);
  });

  it('tells each wrong option of a task, and what the right ones contradict, at once', () => {
    const acquire = { restartSecs: 1, autostart: 7, exitOnFailure: 'x' };
    expect(planned({ tasks: { acquire } }).issues.map(({ path, at }) => [path.at(-1), at])).toEqual([
      ['restartSecs', 'key'],
      ['autostart', 'value'],
      ['exitOnFailure', 'value'],
    ]);
    const { issues } = planned({ tasks: { acquire: { autostart: 7, restartSec: 5, restartMaxDelaySec: 2 } } });
    expect(issues.map(({ path }) => path.at(-1))).toEqual(['autostart', 'acquire']);
    expect(issues[1]?.message).toMatch(/is refused: .*restartMaxDelaySec is below restartSec.*configuration\)$/);
  });

  it('blames no contradiction on options of which one is refused', () => {
    const acquire = { restartSteps: 3, restartMaxDelaySec: 'long' };
    expect(planned({ tasks: { acquire } }).issues.map(({ path }) => path.at(-1))).toEqual(['restartMaxDelaySec']);
  });

  it('says that it is the model which is wrong, where it is', () => {
    const faulty: ModelInput = {
      ...thermometerModel,
      channels: { time: {}, span: { type: 'enum' } },
      settings: { span: 'middle' },
      tasks: { aquire: {}, acquire: { restartSec: -1 } },
    };
    const configuration = configSchema(parts.drivers.keys()).parse(withThermometer());
    const { issues } = planDevice(
      'oven',
      configuration,
      compose({ ...thermometerParts, models: [faulty] }, silentLogger),
    );
    expect(new Set(issues.map(({ path, at }) => `${path.join('.')} ${at}`))).toEqual(
      new Set(['devices.oven.model value']),
    );
    expect(issues.map(({ message }) => message.replace('devices.oven.model names thermo-1, whose ', ''))).toEqual([
      'tasks.aquire is no task of this device. Did you mean "acquire"?',
      'tasks.acquire.restartSec takes a number of seconds, 0 or more, not -1',
      'settings.span takes one of "low", "high", not "middle"',
      'channels.time is reserved (time, and all that ends in _quality or _reason); choose another',
      'channels.span is the id of the setting span already; choose another',
      'channels.span.type is enum, which needs options: the words that it can have',
    ]);
  });

  it('warns of a start limit that can never be reached', () => {
    const { plan: made, issues } = planned({
      tasks: { acquire: { restartSec: 5, startLimitIntervalSec: 5, startLimitBurst: 3 } },
    });
    expect(made).toBeDefined();
    expect(issues.map(({ severity, code }) => [severity, code])).toEqual([['warning', 'TASK_OPTION']]);
  });
});
