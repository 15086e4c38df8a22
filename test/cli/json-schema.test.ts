import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { defaultGatewayId } from '../../src/config/index.ts';

/** The schema as an editor reads it, made into a check again. */
function editor(name: string): z.ZodType {
  const text = readFileSync(new URL(`../../schema/${name}`, import.meta.url), 'utf8');
  return z.fromJSONSchema(JSON.parse(text));
}

const example = {
  gateway: { id: 'lab_a', tags: { building: 'B12' } },
  mqtt: { url: 'mqtt://localhost:1883', base: 'labwire', qos: 1, publish: 'channels' },
  influx: { url: 'http://localhost:8086', database: 'lab' },
  server: { host: '127.0.0.1', port: 8001 },
  devices: {
    cryostat: {
      model: 'lakeshore-218',
      label: 'Cryostat, upper stage',
      port: { path: '/dev/serial/by-id/usb-FTDI_1' },
      interval: '1s',
      channels: { input1: { name: 'stage1', label: 'Stage 1', scale: 1, offset: 0 }, input8: false },
      tasks: { acquire: { restartSec: 2, restartMaxDelaySec: 120 } },
      tags: { room: '101' },
      measurement: 'cryostats',
    },
    arduino: {
      model: 'line',
      port: { path: '/dev/ttyUSB0' },
      serial: { baudRate: 115_200 },
      line: { format: 'json', channels: { t: { unit: '°C' }, rh: { unit: '%' } } },
    },
  },
};

describe('the JSON Schema of the configuration', () => {
  const schema = editor('labwire.schema.json');

  it('accepts a configuration', () => {
    expect(schema.safeParse(example).error).toBeUndefined();
  });

  it.each([
    ['a mistyped key', { ...example, servr: {} }],
    ['a device without a port', { devices: { a: { model: 'line' } } }],
    [
      'a mistyped key of a driver section',
      { devices: { a: { ...example.devices.arduino, line: { fromat: 'json' } } } },
    ],
  ])('refuses %s', (_what, input) => {
    expect(schema.safeParse(input).success).toBe(false);
  });

  it('needs no part of a driver section that the catalogue may hold', () => {
    expect(schema.safeParse({ devices: { a: { ...example.devices.arduino, line: { format: 'csv' } } } }).success).toBe(
      true,
    );
  });

  it('holds nothing of the machine that made it', () => {
    const defaults = [...JSON.stringify(z.toJSONSchema(schema)).matchAll(/"default":"([^"]*)"/g)].map(
      ([, text]) => text,
    );
    expect(defaults).toContain('labwire');
    expect(defaults).not.toContain(defaultGatewayId(hostname()));
    expect(defaults.filter((text) => text?.startsWith('/'))).toEqual([]);
  });
});

describe('the JSON Schema of a catalogue entry', () => {
  const schema = editor('model.schema.json');

  it('accepts an entry, one with a section for its driver too', () => {
    const channels = { t: { unit: 'K', range: [1, 2] } };
    expect(schema.safeParse({ driver: 'lakeshore', channels, source: 'manual' }).error).toBeUndefined();
    expect(schema.safeParse({ driver: 'line', line: { format: 'csv' } }).error).toBeUndefined();
  });

  it('refuses a mistyped key and a missing driver', () => {
    expect(schema.safeParse({ driver: 'line', chanels: {} }).success).toBe(false);
    expect(schema.safeParse({ model: 'x' }).success).toBe(false);
  });
});
