import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { drivers } from '../../drivers/index.ts';
import { LabwireError, type Logger, silentLogger } from '../../src/base/index.ts';
import { Catalogue, parseModel, units } from '../../src/instrument/index.ts';

const shipped = fileURLToPath(new URL('../../devices', import.meta.url));
const complaints: string[] = [];
const log: Logger = {
  ...silentLogger,
  error: (_details: unknown, message?: string) => void complaints.push(message ?? ''),
};

let folder: string;
beforeEach(() => {
  complaints.length = 0;
  folder = mkdtempSync(join(tmpdir(), 'labwire-catalogue-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

function catalogueOf(files: Record<string, string>): Catalogue {
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  const catalogue = new Catalogue();
  catalogue.addFolder(folder, log);
  return catalogue;
}

describe('the catalogue that is shipped', () => {
  const catalogue = new Catalogue();
  catalogue.addFolder(shipped, log);
  const files = readdirSync(shipped);

  it('is read whole', () => {
    const fresh = new Catalogue();
    fresh.addFolder(shipped, log);
    expect(complaints).toEqual([]);
    expect(fresh.ids).toEqual(files.map((file) => file.replace('.yaml', '')).sort());
  });

  it.each(catalogue.ids)('says of %s where its facts are from, and names a driver that is there', (id) => {
    const model = catalogue.get(id);
    expect(model?.source).toBeTruthy();
    expect(Object.keys(drivers)).toContain(model?.driver);
  });

  it.each(catalogue.ids)('has only known units in %s', (id) => {
    for (const { unit } of Object.values(catalogue.get(id)?.channels ?? {})) {
      if (unit !== undefined) expect(units.has(unit), unit).toBe(true);
    }
  });
});

describe('a catalogue folder', () => {
  it('is read without its faulty files, each of which is named with what is wrong', () => {
    const catalogue = catalogueOf({
      'a-good.yaml': 'driver: line\n',
      'b-syntax.yaml': 'driver: [\n',
      'c-key.yaml': 'driver: line\nchanels: {}\n',
      'd-list.yaml': '- driver: line\n',
      'E_id.yaml': 'driver: line\n',
      'f-pattern.yaml': 'driver: line\nidentify: { query: "?", answer: "(" }\n',
      'notes.txt': 'no entry',
    });
    expect(catalogue.ids).toEqual(['a-good']);
    expect(complaints).toHaveLength(5);
    for (const complaint of complaints) expect(complaint).toContain('(MODEL_INVALID)');
    const all = complaints.join('\n');
    for (const file of ['b-syntax', 'c-key', 'd-list', 'E_id', 'f-pattern']) expect(all).toContain(`${file}.yaml`);
    expect(all).toContain('Did you mean "channels"?');
  });

  it('that cannot be read is named, and so is none of the hidden files of editors', () => {
    const catalogue = catalogueOf({ 'a-good.yaml': 'driver: line\n', '.#a-good.yaml': '', '._a-good.yaml': '\0' });
    catalogue.addFolder(join(folder, 'a-good.yaml'), log);
    expect(catalogue.ids).toEqual(['a-good']);
    expect(complaints).toEqual([expect.stringMatching(/a-good\.yaml is left out: ENOTDIR.*\(MODEL_INVALID\)/)]);
  });

  it('read later replaces an entry of the same id', () => {
    const catalogue = catalogueOf({ 'one.yaml': 'driver: line\nmodel: first\n' });
    catalogue.add(parseModel({ driver: 'line', model: 'second' }, 'here', 'one'));
    expect(catalogue.get('one')?.model).toBe('second');
  });
});

describe('a catalogue entry', () => {
  it('is told its mistakes in the words of the configuration', () => {
    const entry = { manufacturer: 5, interval: 'soon', channels: { t: { unti: 'K' } }, chanels: {} };
    const mistakes = [
      'manufacturer must be a text, is 5: put it in quotes',
      'it lacks "driver"',
      'interval must be a duration such as 500ms, 1s, 5min, 2h, 30d or a number of seconds, is "soon"',
      'channels.t has an unknown key "unti". Did you mean "unit"?',
      'it has an unknown key "chanels". Did you mean "channels"?',
    ];
    expect(() => parseModel(entry, 'x.yaml')).toThrow(`Catalogue entry x.yaml is left out: ${mistakes.join('; ')} (`);
  });

  it('has ranges from the lowest to the highest', () => {
    const entry = { driver: 'line', channels: { t: { range: [475, 1.4] } } };
    expect(() => parseModel(entry, 'here', 'one')).toThrow('channels.t.range must be [lowest, highest]');
  });

  it('has durations in seconds and canonical units', () => {
    const model = parseModel(
      { driver: 'lakeshore', interval: '500ms', timing: { reply: '2s' }, channels: { t: { unit: 'degC' } } },
      'here',
      'one',
    );
    expect(model).toMatchObject({ id: 'one', interval: 0.5, timing: { reply: 2 }, channels: { t: { unit: '°C' } } });
  });

  it('passes on the section named as its driver as it is, and refuses one named otherwise', () => {
    expect(parseModel({ driver: 'line', line: { format: 'csv' } }, 'here', 'one').driverOptions).toEqual({
      format: 'csv',
    });
    expect(() => parseModel({ driver: 'lakeshore', line: {} }, 'here', 'one')).toThrow('unknown key "line"');
  });

  it('takes no section from a prototype, or from a fixed key', () => {
    expect(parseModel({ driver: 'constructor' }, 'here', 'one').driverOptions).toBeUndefined();
    expect(parseModel({ driver: 'serial', serial: { baudRate: 1200 } }, 'here', 'one').driverOptions).toBeUndefined();
  });

  it('of any content is read or refused with MODEL_INVALID', () => {
    const key = fc.constantFrom(
      'id',
      'driver',
      'line',
      'channels',
      'serial',
      'timing',
      'identify',
      'tasks',
      '__proto__',
      'x',
    );
    const content = fc.oneof(fc.anything(), fc.dictionary(key, fc.oneof(fc.anything(), fc.constant('line'))));
    fc.assert(
      fc.property(content, (input) => {
        try {
          expect(parseModel(input, 'here', 'one').driver).toBeTypeOf('string');
        } catch (error) {
          expect(error).toBeInstanceOf(LabwireError);
          expect((error as LabwireError).code).toBe('MODEL_INVALID');
        }
      }),
    );
  });
});
