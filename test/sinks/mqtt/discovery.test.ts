import { describe, expect, test } from 'vitest';
import { type ChannelDescription, type DeviceDescription, units } from '../../../src/instrument/index.ts';
import { type Component, discovery } from '../../../src/sinks/mqtt/discovery.ts';
import { Topics } from '../../../src/sinks/mqtt/topics.ts';
import { description } from '../parts.ts';

// What Home Assistant's documentation says (integrations "MQTT", "MQTT Sensor", "MQTT Binary Sensor", developer docs
// "Sensor entity"), and its source where that is finer: the schemas of components/mqtt/schemas.py, the units and state
// classes of components/sensor/const.py. Written down by hand.
const DEVICE_KEYS = [
  ...['configuration_url', 'connections', 'hw_version', 'identifiers', 'manufacturer', 'model', 'model_id', 'name'],
  ...['serial_number', 'suggested_area', 'sw_version', 'via_device'],
];
const ORIGIN_KEYS = ['name', 'sw_version', 'support_url'];
const SHARED_KEYS = ['device', 'origin', 'components', 'availability', 'availability_mode', 'qos', 'encoding'];
const ENTITY_KEYS = [
  ...['platform', 'unique_id', 'default_entity_id', 'name', 'state_topic', 'value_template', 'expire_after'],
  ...['device_class', 'entity_category', 'force_update', 'icon', 'enabled_by_default'],
];
const SENSOR_KEYS = [
  ...ENTITY_KEYS,
  ...['options', 'state_class', 'suggested_display_precision', 'unit_of_measurement', 'last_reset_value_template'],
];
const BINARY_SENSOR_KEYS = [...ENTITY_KEYS, 'payload_on', 'payload_off', 'off_delay'];
const STATE_CLASSES = ['measurement', 'total', 'total_increasing'];

const COUNTED = ['total', 'total_increasing'];
/** Units and state classes that go with a device class. */
const DEVICE_CLASSES: Readonly<
  Record<string, readonly [units: readonly (string | undefined)[], states: readonly string[]]>
> = {
  apparent_power: [['VA'], ['measurement']],
  conductivity: [['S/cm', 'mS/cm', 'μS/cm'], ['measurement']],
  current: [['A', 'mA'], ['measurement']],
  distance: [['km', 'm', 'cm', 'mm'], STATE_CLASSES],
  duration: [['d', 'h', 'min', 's', 'ms'], STATE_CLASSES],
  energy: [['J', 'kJ', 'Wh', 'kWh', 'MWh'], COUNTED],
  energy_storage: [['J', 'kJ', 'Wh', 'kWh', 'MWh'], ['measurement']],
  frequency: [['Hz', 'kHz', 'MHz', 'GHz'], ['measurement']],
  humidity: [['%'], ['measurement']],
  illuminance: [['lx'], ['measurement']],
  ph: [[undefined], ['measurement']],
  power_factor: [['%', undefined], ['measurement']],
  power: [['mW', 'W', 'kW', 'MW'], ['measurement']],
  precipitation_intensity: [['mm/d', 'mm/h'], ['measurement']],
  pressure: [['Pa', 'hPa', 'kPa', 'bar', 'cbar', 'mbar', 'mmHg', 'inHg', 'psi'], ['measurement']],
  reactive_power: [['var', 'kvar'], ['measurement']],
  sound_pressure: [['dB', 'dBA'], ['measurement']],
  speed: [['m/s', 'km/h', 'mm/h', 'mm/d', 'kn', 'mph', 'ft/s'], ['measurement']],
  temperature: [['°C', '°F', 'K'], ['measurement']],
  voltage: [['V', 'mV', 'kV', 'μV'], ['measurement']],
  volume: [['L', 'mL', 'm³', 'ft³', 'gal'], COUNTED],
  volume_flow_rate: [['m³/h', 'L/min', 'mL/s'], ['measurement']],
  volume_storage: [['L', 'mL', 'm³', 'ft³', 'gal'], ['measurement']],
  weight: [['kg', 'g', 'mg', 'μg'], STATE_CLASSES],
};

const topics = new Topics('labwire', 'lab_a', 1);

function channel(facts: Partial<ChannelDescription> = {}): ChannelDescription {
  return { id: 'stage1', type: 'number', kind: 'measurement', scale: 1, offset: 0, ...facts };
}

function withChannels(...channels: ChannelDescription[]): DeviceDescription {
  return description({ channels: new Map(channels.map((one) => [one.id, one])) });
}

function component(facts: Partial<ChannelDescription>): Component {
  return discovery(withChannels(channel(facts)), topics).components.stage1 ?? expect.fail('no component');
}

function checkByTheRules(component: Component): void {
  const sensor = component.platform === 'sensor';
  for (const key of Object.keys(component)) expect(sensor ? SENSOR_KEYS : BINARY_SENSOR_KEYS).toContain(key);
  expect(component.unique_id).toMatch(/./);
  // No two underscores in a row, none at an end.
  expect(component.default_entity_id).toMatch(new RegExp(`^${component.platform}\\.[a-z0-9]+(_[a-z0-9]+)*$`));
  expect(Number.isInteger(component.expire_after)).toBe(true);
  const { device_class: deviceClass, unit_of_measurement: unit, state_class: state, options } = component;
  if (options !== undefined) expect([deviceClass, unit, state]).toEqual(['enum', undefined, undefined]);
  if (state !== undefined) expect(STATE_CLASSES).toContain(state);
  if (deviceClass === undefined || deviceClass === 'enum') return;
  const [allowed, states] = DEVICE_CLASSES[String(deviceClass)] ?? expect.fail(`no device class ${deviceClass}`);
  expect(allowed).toContain(unit);
  expect(states).toContain(state);
}

describe("what Home Assistant is told of a device, by its documentation's rules", () => {
  test('field by field', () => {
    const device = description({
      label: 'Cryostat, upper stage',
      manufacturer: 'Lake Shore',
      modelName: '218',
      serialNumber: '21A3',
      firmware: '1.5',
      channels: new Map([
        ['stage1', channel({ unit: 'K', quantity: 'temperature', resolution: 0.001, label: 'Stage 1' })],
      ]),
    });
    expect(discovery(device, topics, '0.1.0')).toEqual({
      device: {
        identifiers: ['labwire-lab_a-cryostat'],
        name: 'Cryostat, upper stage',
        manufacturer: 'Lake Shore',
        model: '218',
        model_id: 'lakeshore-218',
        serial_number: '21A3',
        sw_version: '1.5',
      },
      origin: { name: 'labwire', sw_version: '0.1.0' },
      availability: [{ topic: 'labwire/lab_a/status' }, { topic: 'labwire/lab_a/cryostat/status' }],
      availability_mode: 'all',
      qos: 1,
      components: {
        stage1: {
          platform: 'sensor',
          unique_id: 'labwire-lab_a-cryostat-stage1',
          default_entity_id: 'sensor.cryostat_stage1',
          name: 'Stage 1',
          state_topic: 'labwire/lab_a/cryostat/channels/stage1',
          value_template: '{{ value_json.value }}',
          expire_after: 60,
          state_class: 'measurement',
          unit_of_measurement: 'K',
          device_class: 'temperature',
          suggested_display_precision: 3,
        },
      },
    });
  });

  test('has all that must be there, and topics that are valid', () => {
    const message = discovery(description(), topics, '0.1.0');
    expect(message.device.identifiers).toEqual([expect.stringMatching(/./)]);
    expect(message.origin.name).toBe('labwire');
    expect(['all', 'any', 'latest']).toContain(message.availability_mode);
    for (const { topic, ...rest } of message.availability) {
      expect(topic).toMatch(/^[^+#]+$/);
      // Then `online` and `offline` are the two words.
      expect(rest).toEqual({});
    }
    const ids = Object.values(message.components).map((one) => one.unique_id);
    expect(new Set(ids).size).toBe(ids.length);
    for (const one of Object.values(message.components)) expect(one.state_topic).toMatch(/^[^+#]+$/);
  });

  test('has no key that is not known there', () => {
    const { device, origin, ...shared } = discovery(description(), topics, '0.1.0');
    for (const key of Object.keys(device)) expect(DEVICE_KEYS).toContain(key);
    for (const key of Object.keys(origin)) expect(ORIGIN_KEYS).toContain(key);
    for (const key of Object.keys(shared)) expect(SHARED_KEYS).toContain(key);
  });

  test.each([...units.keys(), 'furlong'].flatMap((unit) => STATE_CLASSES.map((kind) => [unit, kind] as const)))(
    'a channel in %s that is a %s',
    (unit, kind) => checkByTheRules(component({ unit, kind: kind as ChannelDescription['kind'] })),
  );

  test('a unit that Home Assistant has not is shown as it is, without a device class', () => {
    expect(component({ unit: 'Torr' })).toMatchObject({ unit_of_measurement: 'Torr' });
    expect(component({ unit: 'Torr' })).not.toHaveProperty('device_class');
    expect(component({ unit: 'pH' })).toMatchObject({ device_class: 'ph' });
    expect(component({ unit: 'pH' })).not.toHaveProperty('unit_of_measurement');
    expect(component({})).not.toHaveProperty('unit_of_measurement');
  });

  test('µ is written as Home Assistant writes it', () => {
    expect(component({ unit: 'μS/cm' }).unit_of_measurement).toBe('\u03bcS/cm');
  });

  test('what is stored is another class than what is consumed', () => {
    expect(component({ unit: 'L', kind: 'measurement' }).device_class).toBe('volume_storage');
    expect(component({ unit: 'L', kind: 'total_increasing' }).device_class).toBe('volume');
    expect(component({ unit: 'kWh', kind: 'measurement' }).device_class).toBe('energy_storage');
    expect(component({ unit: 'kWh', kind: 'total' }).device_class).toBe('energy');
    expect(component({ unit: 'W', kind: 'total' })).not.toHaveProperty('device_class');
  });

  test('the quantity tells the class of what has no unit of its own', () => {
    const humidity = component({ unit: '%', quantity: 'humidity' });
    checkByTheRules(humidity);
    expect(humidity.device_class).toBe('humidity');
    const factor = component({ quantity: 'power_factor' });
    checkByTheRules(factor);
    expect(factor.device_class).toBe('power_factor');
    expect(component({ unit: '%', quantity: 'level' })).not.toHaveProperty('device_class');
    expect(component({ unit: 'g/m³', quantity: 'humidity' })).not.toHaveProperty('device_class');
    expect(component({ quantity: 'power_factor', kind: 'total' })).not.toHaveProperty('device_class');
  });

  test('a switch is a binary sensor', () => {
    const made = component({ type: 'boolean' });
    checkByTheRules(made);
    expect(made).toMatchObject({ platform: 'binary_sensor', default_entity_id: 'binary_sensor.cryostat_stage1' });
    expect(made.value_template).toContain("'ON' if value_json.value else 'OFF'");
  });

  test('words of a list are an enum, other words a plain sensor of bounded length', () => {
    const words = component({ type: 'enum', options: ['idle', 'busy'] });
    checkByTheRules(words);
    expect(words).toMatchObject({ device_class: 'enum', options: ['idle', 'busy'] });
    const text = component({ type: 'text' });
    checkByTheRules(text);
    expect(text.value_template).toContain('[:255]');
    expect(text).not.toHaveProperty('state_class');
  });

  test.each([
    [1, 0],
    [0.5, 1],
    [0.25, 2],
    [0.001, 3],
    [1e-7, 7],
    [10, 0],
  ])('a resolution of %d needs %i digits', (resolution, digits) => {
    expect(component({ resolution }).suggested_display_precision).toBe(digits);
  });

  test('a whole number needs no digit, and what has no resolution says nothing of it', () => {
    expect(component({ type: 'integer' }).suggested_display_precision).toBe(0);
    expect(component({})).not.toHaveProperty('suggested_display_precision');
  });

  test('a reading expires there as it does at the broker', () => {
    const slow = description({ interval: 600 });
    expect(Object.values(discovery(slow, topics).components).map((one) => one.expire_after)).toEqual([
      1800, 1800, 1800,
    ]);
    const thinned = description({ interval: 1, publish: { deadband: { t1: 1 }, maxInterval: 100 } });
    expect(discovery(thinned, topics).components.t1?.expire_after).toBe(300);
  });

  test('ids that end in an underscore or have two make an entity id all the same', () => {
    const odd = description({ device: 'a__b_', channels: new Map([['c_', channel({ id: 'c_' })]]) });
    const made = discovery(odd, topics).components.c_ ?? expect.fail('no component');
    checkByTheRules(made);
    expect(made).toMatchObject({ default_entity_id: 'sensor.a_b_c', unique_id: 'labwire-lab_a-a__b_-c_' });
  });
});
