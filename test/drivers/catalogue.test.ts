import { readdirSync } from 'node:fs';
import { basename } from 'node:path';
import { describe, expect, test } from 'vitest';
import { drivers, models } from '../../drivers/index.ts';
import { emulators } from '../../mocks/index.ts';
import { type InstrumentClass, type Logger, silentLogger, units } from '../../src/index.ts';
import { Catalogue } from '../../src/instrument/index.ts';

const catalogue = new Catalogue();
const complaints: unknown[] = [];
const log: Logger = { ...silentLogger, error: (...what: unknown[]) => complaints.push(what) };
catalogue.addFolder(models, log);

test('every file of the catalogue is a model', () => {
  expect(complaints).toEqual([]);
  expect(catalogue.ids).toEqual(
    readdirSync(models)
      .map((file) => basename(file, '.yaml'))
      .sort(),
  );
});

describe.each([...catalogue].map((model) => [model.id, model] as const))('%s', (id, model) => {
  test('has a driver, whose options take its section', () => {
    const driver: InstrumentClass | undefined = drivers[model.driver as keyof typeof drivers];
    expect(driver).toBeDefined();
    if (model.driverOptions !== undefined) expect(driver?.options?.safeParse(model.driverOptions).success).toBe(true);
  });

  test('has an emulator', () => {
    expect(emulators[id]).toBeTypeOf('function');
  });

  test('has a source, and units that the table knows', () => {
    expect(model.source).toBeTruthy();
    for (const { unit } of Object.values(model.channels ?? {}))
      if (unit !== undefined) expect(units.has(unit)).toBe(true);
  });
});

test('the line of a Lake Shore 218 is set to 7 data bits and odd parity', () => {
  expect(catalogue.get('lakeshore-218')?.serial).toEqual({ baudRate: 9600, dataBits: 7, parity: 'odd' });
});

test('a Lake Shore 218 is known by its answer, and its serial number read from it', () => {
  const answer = new RegExp(catalogue.get('lakeshore-218')?.identify?.answer ?? '');
  expect(answer.exec('LSCI,MODEL218S,LSA0042,1.3')?.groups).toEqual({ serial: 'LSA0042', firmware: '1.3' });
  expect(answer.test('LSCI,MODEL218E')).toBe(true);
  expect(answer.test('LSCI,MODEL211,LSA0042,1.3')).toBe(false);
});
