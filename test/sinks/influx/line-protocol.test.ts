import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { bad, uncertain } from '../../../src/instrument/index.ts';
import type { JournalRecord } from '../../../src/journal/index.ts';
import { LineProtocol } from '../../../src/sinks/influx/line-protocol.ts';
import { description, event, sample, TIME } from '../parts.ts';

function linesOf(record: JournalRecord): string[] {
  const lines: string[] = [];
  new LineProtocol('lab_a').write(record, lines);
  return lines;
}

/** Reads one line as the database does, character by character. */
function parse(line: string): {
  measurement: string;
  tags: Record<string, string>;
  fields: Record<string, unknown>;
  time: string;
} {
  let at = 0;
  const word = (ends: string, escapable = ',= '): string => {
    let text = '';
    for (; at < line.length && !ends.includes(line.charAt(at)); at++) {
      if (line[at] === '\\' && escapable.includes(line.charAt(at + 1)) && at + 1 < line.length) at++;
      text += line[at];
    }
    return text;
  };
  const quoted = (): string => {
    let text = '';
    for (at++; line[at] !== '"'; at++) {
      if (at >= line.length) throw new Error('open quote');
      if (line[at] === '\\' && '"\\'.includes(line.charAt(at + 1))) at++;
      text += line[at];
    }
    at++;
    return text;
  };
  const measurement = word(', ', ', ');
  const tags: Record<string, string> = {};
  while (line[at] === ',') {
    at++;
    const key = word('=');
    at++;
    tags[key] = word(', ');
  }
  const fields: Record<string, unknown> = {};
  do {
    at++;
    const key = word('=');
    at++;
    if (line[at] === '"') fields[key] = quoted();
    else {
      const text = word(', ');
      fields[key] =
        text === 'true'
          ? true
          : text === 'false'
            ? false
            : text.endsWith('i')
              ? BigInt(text.slice(0, -1))
              : Number(text);
    }
  } while (line[at] === ',');
  return { measurement, tags, fields, time: line.slice(at + 1) };
}

describe('line protocol', () => {
  test('a sample is one point with quality beside each value', () => {
    expect(linesOf(sample({ t1: 4.213, t2: bad('over_range'), t3: uncertain(7, 'unstable') }))).toEqual([
      'lakeshore_218,device=cryostat,gateway=lab_a,model=lakeshore-218 ' +
        't1=4.213,t1_quality=0i,t2_quality=2i,t2_reason="over_range",t3=7,t3_quality=1i,t3_reason="unstable" ' +
        '1795491600123456000',
    ]);
  });

  test('text and enum are strings, booleans are booleans', () => {
    expect(linesOf(sample({ sky: 'say "hi" \\', on: true }))[0]).toContain(
      ' sky="say \\"hi\\" \\\\",sky_quality=0i,on=true,on_quality=0i ',
    );
  });

  test.each([Number.NaN, Number.NEGATIVE_INFINITY, uncertain(Number.NaN, 'invalid')])('%s is no value', (value) => {
    expect(linesOf(sample({ t1: value }))[0]).toContain(' t1_quality=2i,t1_reason="invalid" ');
  });

  test('a sample without values is no point', () => {
    expect(linesOf(sample({}))).toEqual([]);
  });

  test('an emulated device and the site have their tags; the built-in ones win; empty ones are left out', () => {
    const source = description({ simulated: true, tags: { room: '101', model: 'mine', empty: '', line: 'a\nb' } });
    expect(parse(linesOf(sample({ t1: 1 }, source))[0] ?? '').tags).toEqual({
      device: 'cryostat',
      gateway: 'lab_a',
      line: 'a b',
      model: 'lakeshore-218',
      room: '101',
      simulated: 'true',
    });
  });

  test('an event is a point of labwire_events', () => {
    expect(linesOf(event({ device: 'cryostat' }))).toEqual([
      'labwire_events,device=cryostat,gateway=lab_a,kind=task,severity=warning ' +
        'title="cryostat.acquire failed",text="No answer within 1 s",code="REPLY_TIMEOUT" 1795491600123456000',
    ]);
    expect(parse(linesOf(event())[0] ?? '').tags).not.toHaveProperty('device');
  });

  test('a description is a point of labwire_channels for each channel', () => {
    const source = description({ serialNumber: '42' });
    const points = linesOf({ kind: 'description', sequence: 0, time: TIME, source }).map(parse);
    expect(points).toHaveLength(3);
    expect(points[0]).toEqual({
      measurement: 'labwire_channels',
      tags: { gateway: 'lab_a', device: 'cryostat', channel: 't1' },
      fields: { scale: 1, offset: 0, unit: 'K', quantity: 'temperature', serial_number: '42' },
      time: '1795491600123456000',
    });
  });

  test('whatever tags and texts say, the database reads one point with the same words', { timeout: 60_000 }, () => {
    const text = fc.oneof(fc.string({ unit: 'binary' }), fc.string({ unit: fc.constantFrom(...' ,="\\\'\n\ra') }));
    const key = fc.stringMatching(/^[a-z][a-z ,=\\]*[a-z]$/);
    // What the protocol has no way to write: line ends, and a backslash before a separator.
    const oneLine = (value: string): string => value.replace(/[\r\n]+/g, ' ');
    const plain = (value: string): string => oneLine(value).replace(/\\+$/, '');
    fc.assert(
      fc.property(
        fc.dictionary(key, text),
        text,
        fc.double({ noNaN: true, noDefaultInfinity: true }),
        (tags, words, number) => {
          const lines = linesOf(sample({ words, number }, description({ tags, measurement: `m ${words}` })));
          expect(lines).toHaveLength(1);
          expect(lines[0]).not.toMatch(/[\r\n]/);
          const point = parse(lines[0] ?? '');
          expect(point.measurement).toBe(plain(`m ${words}`).replace(/\\+(?=[,"= ])/g, ''));
          const expected = Object.entries(tags).flatMap(([name, value]) =>
            plain(value) ? [[name, plain(value)]] : [],
          );
          expect(point.tags).toEqual({
            ...Object.fromEntries(expected),
            ...{ gateway: 'lab_a', device: 'cryostat', model: 'lakeshore-218' },
          });
          expect(point.fields).toEqual({
            words: oneLine(words),
            words_quality: 0n,
            number: number === 0 ? 0 : number,
            number_quality: 0n,
          });
          expect(point.time).toBe('1795491600123456000');
        },
      ),
    );
  });
});
