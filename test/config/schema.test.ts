import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { configIssues } from '../../src/base/index.ts';
import {
  type ConfigurationInput,
  configSchema,
  configSchemaWith,
  configuredSinks,
  defaultGatewayId,
  driverSection,
  tcpAddressOf,
} from '../../src/config/index.ts';

const schema = configSchema(['line', 'serial']);
const emulated = { model: 'line', port: { emulated: true } };

function messages(input: unknown): string[] {
  const result = schema.safeParse(input, { reportInput: true });
  return result.success ? [] : configIssues(result.error.issues, { schema }).map(({ message }) => message);
}
const device = (more: object): unknown => ({ devices: { a: { ...emulated, ...more } } });

describe('the configuration schema', () => {
  it('passes the section named as a driver on as it is', () => {
    const parsed = schema.parse(device({ line: { format: 'json' } }));
    expect(driverSection(parsed.devices.a as never, 'line')).toEqual({ format: 'json' });
  });

  it('never takes a fixed key for the section of a driver of the same name', () => {
    const parsed = schema.parse(device({ serial: { baudRate: 1200 } }));
    expect(driverSection(parsed.devices.a as never, 'serial')).toBeUndefined();
    expect(messages(device({ serial: { speed: 1200 } }))).toHaveLength(1);
  });

  it('checks a driver section where its schema is known', () => {
    const known = configSchemaWith({ line: z.strictObject({ format: z.enum(['json', 'csv']) }) });
    expect(known.safeParse(device({ line: { format: 'xml' } })).success).toBe(false);
    expect(known.safeParse(device({})).success).toBe(true);
  });

  it('keeps 2 GB and 30 days of records unless told otherwise', () => {
    expect(schema.parse({}).journal).toEqual({ maxSize: 2_000_000_000, maxAge: 2_592_000 });
    const journal = { path: './j.db', maxSize: '500MB', maxAge: '12h' };
    expect(schema.parse({ journal }).journal).toEqual({ path: './j.db', maxSize: 500_000_000, maxAge: 43_200 });
  });

  it('makes a gateway id of the host name where none is given', () => {
    expect(schema.parse({}).gateway.id).toMatch(/^[a-z][a-z0-9_]{0,62}$/);
  });

  it.each([
    ['Lab-PC.example.org', 'lab_pc'],
    ['4711-rack', 'rack'],
    ['ÄÖ', 'gateway'],
    ['', 'gateway'],
    ['x'.repeat(80), 'x'.repeat(63)],
  ])('makes the host name %j fit', (host, id) => {
    expect(defaultGatewayId(host)).toBe(id);
  });

  it.each(['status', 'info', 'events', 'sinks'])('refuses the reserved device id %s', (id) => {
    expect(messages({ devices: { [id]: emulated } })).toEqual([
      `devices has the key "${id}", which is reserved (status, info, events, sinks); choose another`,
    ]);
  });

  it.each(['time', 'a_quality', 'a_reason'])('refuses the reserved channel id %s', (name) => {
    expect(messages(device({ channels: { x: { name } } }))[0]).toContain('is reserved');
  });

  it.each(['gateway', 'device', 'model', 'simulated', 'time'])(
    'refuses a tag named %s, which labwire has itself',
    (name) => {
      expect(messages({ gateway: { tags: { [name]: 'x' } } })[0]).toContain('is reserved');
    },
  );

  it.each([
    [{ gateway: { tags: { room: '' } } }, 'gateway.tags.room must not be empty, is ""'],
    [
      { gateway: { tags: { room: 'a\nb' } } },
      'gateway.tags.room must be one line without control characters, is "a\\nb"',
    ],
    [{ gateway: { tags: { room: 101 } } }, 'gateway.tags.room must be a text, is 101: put it in quotes'],
    [{ mqtt: {} }, 'mqtt needs one of url, embedded'],
    [{ mqtt: { url: 'mqtt://x', embedded: true } }, 'mqtt can have only one of url, embedded'],
    [{ mqtt: [{ url: 'mqtt://x' }] }, 'mqtt.0 needs a name, since it stands in a list'],
    [
      {
        mqtt: [
          { name: 'a', url: 'mqtt://x' },
          { name: 'a', url: 'mqtt://y' },
        ],
      },
      'mqtt.1.name is also the name of another sink; choose another',
    ],
    [
      { mqtt: [{ name: 'influx', url: 'mqtt://x' }], influx: { url: 'http://x', database: 'd' } },
      'influx.name is also the name of another sink; choose another',
    ],
    [{ files: [] }, 'files must have at least 1 entries, is a list'],
    [{ mqtt: [{ name: 'a', url: 'mqtt://x', urll: 'y' }] }, 'mqtt.0 has an unknown key "urll". Did you mean "url"?'],
    [{ files: { path: 'x', rotate: '2h' } }, 'files.rotate must be 1h or 1d, is 7200'],
    [{ files: { format: 'csv' } }, 'files lacks "path"'],
    [
      { influx: { url: 'http://x', database: 'd', retention: '10min' } },
      'influx.retention must be at least 1h, is 600',
    ],
    [
      { influx: { url: 'http://x', bucket: 'b', token: 't', retention: '1d' } },
      'influx.retention is for a database: labwire makes no bucket',
    ],
    [
      { mqtt: { embedded: true, base: 'a/#' } },
      'mqtt.base must be levels of letters, digits, _, . and -, with / between them, is "a/#"',
    ],
    [{ mqtt: { url: 'mqtts://x', cert: 'c.pem' } }, 'mqtt needs both of cert and key'],
    [
      { mqtt: { url: 'mqtt://x', ca: 'ca.pem' } },
      'mqtt.ca is for a connection with TLS, whose url begins with mqtts: or wss:',
    ],
    [
      { mqtt: { embedded: true, rejectUnauthorized: false } },
      'mqtt.rejectUnauthorized is for a connection with TLS, whose url begins with mqtts: or wss:',
    ],
    [
      { mqtt: { url: 'mqtt://x', publish: 'samples', homeAssistant: true } },
      'mqtt.homeAssistant needs publish: channels, since it shows what is retained',
    ],
    [{ mqtt: { url: 'mqtt://x', publish: 'polls' } }, 'mqtt.publish must be "channels" or "samples", is "polls"'],
    [device({ publish: { deadband: { t: 1 } } }), 'devices.a.publish lacks "maxInterval"'],
    [
      device({ publish: { deadband: { t: -1 }, maxInterval: 60 } }),
      'devices.a.publish.deadband.t must be at least 0, is -1',
    ],
    [{ influx: { url: 'http://x', bucket: 'b' } }, 'influx needs a token beside the bucket'],
    [
      { influx: { url: 'localhost:8086', database: 'b' } },
      'influx.url must be a URL such as http://localhost, is "localhost:8086"',
    ],
    [{ server: { port: 70_000 } }, 'server.port must be at most 65535, is 70000'],
    [{ server: { prt: 1 } }, 'server has an unknown key "prt". Did you mean "port"?'],
    [device({ interval: 0 }), 'devices.a.interval must be longer than 0, is 0'],
    [device({ interval: null }), 'devices.a.interval must be a number or a text, is empty'],
    [
      device({ port: { tcp: 'host' } }),
      'devices.a.port.tcp must be a host and a port number, such as 192.168.1.5:4001, is "host"',
    ],
    [device({ port: { tcp: 'host:70000' } }), 'devices.a.port.tcp has a port number above 65535, is "host:70000"'],
    [device({ port: 7 }), 'devices.a.port must be a text or a mapping of keys to values, is 7'],
    [
      device({ port: '/dev/ttyUSB0' }),
      'devices.a.port must be the name of one of "ports", or a mapping such as { path: /dev/ttyUSB0 }, is "/dev/ttyUSB0"',
    ],
    [
      device({ port: { usb: { vendorId: 403 } } }),
      'devices.a.port.usb.vendorId must be a text, is 403: put it in quotes',
    ],
    [
      device({ port: { usb: { vendorId: '04' } } }),
      'devices.a.port.usb.vendorId must be four hexadecimal digits, such as "0403", is "04"',
    ],
    [device({ port: { usb: {} } }), 'devices.a.port.usb needs at least one key'],
    [{ ports: { bus1: { path: '/dev/ttyS1', tcp: 'h:1' } } }, 'ports.bus1 can have only one of path, tcp'],
    [
      { ports: { bus1: { path: '/dev/ttyS1', timing: { reply: 1 } } } },
      'ports.bus1.timing has an unknown key "reply". It takes spacing, settle',
    ],
    [device({ serial: { break: '6s' } }), 'devices.a.serial.break must be at most 5s, is 6'],
    [device({ channels: { x: true } }), 'devices.a.channels.x must be false or a mapping of keys to values, is true'],
    [device({ channels: { x: { scale: 0 } } }), 'devices.a.channels.x.scale must not be 0, is 0'],
    [
      device({ channels: { x: { ofset: 1 } } }),
      'devices.a.channels.x has an unknown key "ofset". Did you mean "offset"?',
    ],
    [
      device({ measurement: 'labwire_events' }),
      'devices.a.measurement is reserved (labwire_events, labwire_channels, labwire_devices, labwire_tasks, labwire_sinks); choose another, is "labwire_events"',
    ],
    [
      { devices: { constructor: { model: 'line' } } },
      'devices has the key "constructor", which is reserved (constructor); choose another',
    ],
    [
      device({ measurement: '#a' }),
      'devices.a.measurement must not begin with #, which InfluxDB takes for a comment, is "#a"',
    ],
    [
      device({ serial: { parity: 'ood' } }),
      'devices.a.serial.parity must be "none", "even", "odd", "mark" or "space", is "ood"',
    ],
    [
      device({ framing: { lines: { recieve: '\r' } } }),
      'devices.a.framing.lines has an unknown key "recieve". Did you mean "receive"?',
    ],
    [{ devices: { a: { port: { emulated: true } } } }, 'devices.a lacks "model"'],
    [
      { alarms: {} },
      'The configuration has an unknown key "alarms". It takes gateway, mqtt, influx, files, journal, server, ports, devices',
    ],
    [
      { journal: { maxSize: '2GiB' } },
      'journal.maxSize must be a size such as 500MB, 2GB or a number of bytes, is "2GiB"',
    ],
    [{ journal: { maxSize: '1MB' } }, 'journal.maxSize must be at least 10MB, is 1000000'],
    [[], 'The configuration must be a mapping of keys to values, is a list'],
  ])('says of %j: %s', (input, message) => {
    expect(messages(input)).toEqual([message]);
  });

  it('never shows what stands under a key that names a secret', () => {
    const found = messages({ mqtt: { url: 'mqtt://x', username: 'u', password: 12_345 } });
    expect(found).toEqual(['mqtt.password must be a text, is a number that is not shown here']);
  });

  it('gives what is a valid input again', () => {
    const parsed = schema.parse(device({ port: { tcp: 'host:4001' }, interval: '2s', serial: { baudRate: 1200 } }));
    const again: ConfigurationInput = parsed;
    expect(schema.parse(again)).toEqual(parsed);
    expect(tcpAddressOf('[::1]:4001')).toEqual({ host: '::1', port: 4001 });
  });

  it('takes a list of brokers, databases and folders, each with a name', () => {
    const parsed = schema.parse({
      mqtt: [
        { name: 'here', url: 'mqtt://a' },
        { name: 'there', url: 'mqtt://b', qos: 2 },
      ],
      influx: { url: 'http://x', database: 'd', retention: '30d' },
      files: [{ name: 'disk', path: './data', format: 'jsonl', rotate: '1h', maxSize: '5MB' }],
    });
    expect(configuredSinks(parsed).map(({ kind, name }) => `${kind} ${name}`)).toEqual([
      'mqtt here',
      'mqtt there',
      'influx influx',
      'files disk',
    ]);
    expect(configuredSinks(parsed)[2]?.options).toMatchObject({ retention: 30 * 86_400 });
    expect(configuredSinks(parsed)[3]?.options).toEqual({
      path: './data',
      format: 'jsonl',
      rotate: 3600,
      maxSize: 5_000_000,
    });
    expect(schema.parse(parsed)).toEqual(parsed);
    expect(configuredSinks(schema.parse({ files: { path: 'x' } }))).toEqual([
      { kind: 'files', name: 'files', options: { path: 'x', format: 'csv', rotate: 86_400, maxSize: 100_000_000 } },
    ]);
  });

  it('reads how Home Assistant is to be told, and gives that as a valid input again', () => {
    const prefixOf = (homeAssistant: unknown): unknown => {
      const parsed = schema.parse({ mqtt: { url: 'mqtts://x', ca: 'ca.pem', homeAssistant } });
      expect(schema.parse(parsed)).toEqual(parsed);
      return parsed.mqtt && 'homeAssistant' in parsed.mqtt ? parsed.mqtt.homeAssistant : undefined;
    };
    expect([true, {}, { prefix: 'a/b' }, false, undefined].map(prefixOf)).toEqual([
      { prefix: 'homeassistant' },
      { prefix: 'homeassistant' },
      { prefix: 'a/b' },
      undefined,
      undefined,
    ]);
  });

  it('accepts what its input type accepts', () => {
    const input: ConfigurationInput = {
      mqtt: { embedded: { port: 1884 } },
      devices: { a: { model: 'line', port: { path: '/dev/x' }, interval: '1s', line: { format: 'csv' } } },
    };
    expect(schema.parse(input).mqtt).toEqual({
      embedded: { port: 1884 },
      base: 'labwire',
      qos: 1,
      publish: 'channels',
    });
  });
});
