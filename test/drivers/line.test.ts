import { describe, expect, test } from 'vitest';
import { Line } from '../../drivers/index.ts';
import { Bench } from './harness.ts';

const csv = { format: 'csv', channels: { t: { column: 1, unit: '°C' }, rh: { column: 2, unit: '%' } } };
const json = { format: 'json', channels: { t: { unit: '°C' }, rh: { unit: '%' } } };
const pattern = { pattern: '^T=(?<t>\\S+)', channels: { t: {} } };

describe('an instrument that prints lines', () => {
  test('is read by JSON, with nothing but its section', async () => {
    const bench = await new Bench('line', { options: json }).hear('{"t":21.5,"rh":40}', '{"t":21.6,"rh":41}');
    expect(bench.values).toEqual([
      { t: 21.5, rh: 40 },
      { t: 21.6, rh: 41 },
    ]);
    expect(bench.samples.map(({ at }) => at)).toEqual([2_000_000, 3_000_000]);
    expect(bench.drops).toEqual({});
  });

  test('loses a line that may have begun before, where the rest of a line looks like a line', async () => {
    const late = { joinedLate: true };
    expect((await new Bench('line', { options: csv, ...late }).hear('.5,40', '21.5,40')).values).toEqual([
      { t: 21.5, rh: 40 },
    ]);
    expect((await new Bench('line', { options: json, ...late }).hear('{"t":1,"rh":2}')).values).toHaveLength(1);
    const bench = await new Bench('line', { options: pattern, ...late }).hear('T=5', 'T=21.5');
    expect(bench.values).toEqual([{ t: 21.5 }]);
    expect(bench.drops).toEqual({ partial: 1 });
  });

  test('takes its first line where the line was quiet before it', async () => {
    expect((await new Bench('line', { options: csv }).hear('21.5,40')).values).toEqual([{ t: 21.5, rh: 40 }]);
  });

  test('counts the debug texts between its values, and passes over empty lines', async () => {
    const bench = await new Bench('line', { options: csv }).hear('', 'Booting, v1.3', '', 'ready', '21.5,40');
    expect(bench.values).toEqual([{ t: 21.5, rh: 40 }]);
    expect(bench.drops).toEqual({ no_match: 2 });
  });

  test('that prints nothing of use any more is not alive, however much it prints', async () => {
    const bench = new Bench('line', { options: json, silence: 60 });
    await bench.hear('{"t":21.5,"rh":40}');
    await bench.clock.advance(59_000);
    await bench.hear('Guru Meditation');
    expect(bench.acquire.state).toBe('active');
    await bench.clock.advance(1000);
    await bench.hear('Guru Meditation');
    expect(bench.error).toMatch(/nothing of use for 60 s.*SILENT/);
  });

  test('counts damaged JSON as invalid', async () => {
    const bench = await new Bench('line', { options: json }).hear('"rh":40}', '{"t":21.5,"r', '[object Object]');
    expect(bench.drops).toEqual({ no_match: 1, invalid: 2 });
  });

  test('reads UTF-8, and Latin 1 where it is none', async () => {
    const options = { pattern: '^T=(?<t>[\\d.]+) °C (?<where>.*)', channels: { t: {}, where: { type: 'text' } } };
    const utf8 = Buffer.from('T=21.5 °C Küche').toString('latin1');
    const bench = await new Bench('line', { options }).hear(utf8, 'T=21.5 \xb0C K\xfcche');
    expect(bench.values).toEqual([
      { t: 21.5, where: 'Küche' },
      { t: 21.5, where: 'Küche' },
    ]);
  });

  test('has the channels of its section, with their facts alone', () => {
    const section = Line.options.parse({ format: 'csv', channels: { t: { column: 3, unit: 'degC', label: 'Air' } } });
    expect(Line.channelsFrom(section)).toEqual({ t: { unit: '°C', label: 'Air' } });
  });
});
