import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fillMacros, fillVariables, nameOfSeries, stepMs } from '../../src/dashboards/fill.ts';
import { measurement, storedMeasurement, stringLiteral } from '../../src/dashboards/influxql.ts';
import { plainText } from '../../src/dashboards/plain-text.ts';
import { decimalsOf, grafanaUnit } from '../../src/dashboards/quantity-panel.ts';
import { panelId, slotOf, stableUid } from '../../src/dashboards/stable-ids.ts';

const variables = [
  { name: 'gateway', allValue: '.*' },
  { name: 'device', allValue: '.*' },
];
const RANGE = { from: 1000, to: 2000 };

describe('a query as Grafana fills it in', () => {
  test('has the chosen values as a pattern, or all', () => {
    const text = `"device" =~ /^\${device:regex}$/ AND $gateway AND [[device]] AND $other AND \${other}`;
    const chosen = { variables: { device: ['a.b/c', 'd'], gateway: 'all' as const } };
    expect(fillVariables(text, variables, chosen)).toBe(
      `"device" =~ /^(a\\.b\\/c|d)$/ AND .* AND (a\\.b\\/c|d) AND $other AND \${other}`,
    );
    expect(fillVariables('$device', variables, { variables: { device: ['a'] } })).toBe('a');
  });

  test('has the time range and the length of a step', () => {
    expect(fillMacros('$timeFilter $__interval $interval $__interval_ms', RANGE, 90_000)).toBe(
      'time >= 1000ms and time <= 2000ms 90s 90s 90000',
    );
    expect(fillMacros('$__interval', RANGE, 250)).toBe('250ms');
  });

  test('has round steps, not shorter than the panel asks for', () => {
    const hour = { from: 0, to: 3_600_000 };
    expect(stepMs({ ...hour, maxDataPoints: 1000 })).toBe(5000);
    expect(stepMs({ ...hour, maxDataPoints: 100 })).toBe(30_000);
    expect(stepMs({ from: 0, to: 10_000 }, '2s')).toBe(2000);
    expect(stepMs({ from: 0, to: 10 * 365 * 86_400_000 })).toBe(86_400_000);
  });

  test('names a series by its tags', () => {
    expect(
      nameOfSeries('x · [[tag_gateway]]/[[tag_device]] $tag_task [[tag_none]]', {
        gateway: 'a',
        device: 'b',
        task: 'c',
      }),
    ).toBe('x · a/b c [[tag_none]]');
  });
});

const odd = fc.string({
  unit: fc.constantFrom(...'$[]{}:"\'\\/ .*^|(),=µ漢a', 'device', 'gateway', '__interval', 'timeFilter', 'tag_device'),
  maxLength: 12,
});

describe('names that mean something to Grafana', () => {
  test('are shown as they are, without what nobody sees', () => {
    fc.assert(
      fc.property(odd, (text) => {
        const shown = plainText(text);
        expect(shown.replaceAll('\u2060', '')).toBe(text.replaceAll('\u2060', ''));
        expect(fillMacros(fillVariables(shown, variables, {}), RANGE, 1000)).toBe(shown);
        expect(nameOfSeries(shown, { device: 'x' })).toBe(shown);
      }),
    );
  });

  test('stay within their quotes in a query, and are no variable', () => {
    fc.assert(
      fc.property(odd, (text) => {
        const name = storedMeasurement(text);
        const written = measurement(name);
        expect(fillMacros(fillVariables(written, variables, {}), RANGE, 1000)).toBe(written);
        if (written.startsWith('"')) {
          expect(written).toMatch(/^"(?:[^"\\]|\\["\\])*"$/);
          expect(written.slice(1, -1).replace(/\\(.)/g, '$1')).toBe(name);
        } else expect(new RegExp(written.slice(1, -1)).test(name)).toBe(true);
        expect(stringLiteral(text)).toMatch(/^'(?:[^'\\]|\\['\\])*'$/);
      }),
    );
  });

  test('have a uid that Grafana takes, one each', () => {
    fc.assert(
      fc.property(odd, odd, (a, b) => {
        const [first, second] = [stableUid('labwire-m-', a), stableUid('labwire-m-', b)];
        expect(first).toMatch(/^[A-Za-z0-9_-]{1,40}$/);
        expect(first === second).toBe(a === b);
      }),
    );
    const plain = stableUid('labwire-m-', 'x'.repeat(60));
    expect(plain).toHaveLength(40);
    // A plain name that looks like a shortened one is no other's.
    expect(stableUid('labwire-m-', plain.slice('labwire-m-'.length))).not.toBe(plain);
  });

  test('have a place and an id that follow from them alone', () => {
    fc.assert(
      fc.property(odd, (key) => {
        expect(slotOf(key)).toBeGreaterThanOrEqual(0);
        expect(panelId(key)).toBeGreaterThanOrEqual(1000);
        expect(panelId(key)).toBeLessThan(2 ** 31);
      }),
    );
    expect(slotOf('pressure Pa')).toBeLessThan(slotOf('temperature K'));
  });
});

test.each([
  ...([
    [0.001, 3],
    [0.25, 2],
    [0.1, 1],
    [0.5, 1],
    [1, 0],
    [5, 0],
    [100, 0],
    [1e-9, 9],
    [1e-15, 10],
  ] as const),
])('a resolution of %s has %s decimals', (resolution, decimals) => {
  expect(decimalsOf(resolution)).toBe(decimals);
});

test('a unit without a Grafana id is shown behind the number', () => {
  expect([grafanaUnit('K'), grafanaUnit('Torr'), grafanaUnit(undefined)]).toEqual(['kelvin', 'suffix: Torr', 'none']);
});
