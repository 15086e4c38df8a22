import type { Dashboard, Panel } from '@grafana/grafana-foundation-sdk/dashboard';
import { describe, expect, test } from 'vitest';
import { grafanaFiles, panelsOf, siteDashboards } from '../../src/dashboards/index.ts';
import type { ChannelDescription } from '../../src/instrument/index.ts';
import { allKinds, channel, device, kelvin, site } from './site.ts';

const RANGE = { from: 1_000_000, to: 4_600_000 };

function measurementDashboard(channels: readonly ChannelDescription[]): Dashboard {
  const [, , dashboard] = siteDashboards(site(device('cryostat', channels)));
  if (!dashboard) throw new Error('There is no dashboard of the measurement');
  return JSON.parse(JSON.stringify(dashboard));
}

/** Titles of the panels that are not the same in both. */
function changed(before: Dashboard, after: Dashboard): string[] {
  const [a, b] = [before, after].map(({ panels = [] }) => new Map(panels.map((panel) => [panel.id, panel])));
  const ids = new Set([...(a?.keys() ?? []), ...(b?.keys() ?? [])]);
  return [...ids]
    .filter((id) => JSON.stringify(a?.get(id)) !== JSON.stringify(b?.get(id)))
    .map((id) => (b?.get(id) ?? a?.get(id))?.title ?? '');
}

function panel(dashboard: Dashboard, title: string): Panel {
  const found = dashboard.panels?.find((one) => one.title === title);
  if (!found || !('targets' in found))
    throw new Error(`No panel "${title}": ${dashboard.panels?.map((one) => one.title)}`);
  return found;
}

describe('a dashboard of a measurement', () => {
  const whole = measurementDashboard(allKinds);

  test('has a panel for each quantity in one unit, and one for each channel of words or switches', () => {
    expect(whole.panels?.map(({ title }) => title)).toEqual([
      ...['Devices and their tasks', 'count', 'Pressure (mbar)', 'Temperature (K)', 'lid', 'Mode', 'note'],
    ]);
  });

  test('shows the unit, and of each channel its decimals and its range', () => {
    const { fieldConfig } = panel(whole, 'Temperature (K)');
    expect(fieldConfig?.defaults.unit).toBe('kelvin');
    expect(fieldConfig?.overrides.find(({ matcher }) => matcher.options === 't1')).toMatchObject({
      matcher: { id: 'byFrameRefID' },
      properties: [
        { id: 'decimals', value: 3 },
        { id: 'thresholds', value: { mode: 'absolute', steps: [{ value: null }, { value: 1.4 }, { value: 475 }] } },
        { id: 'custom.thresholdsStyle', value: { mode: 'dashed' } },
      ],
    });
    expect(panel(whole, 'Pressure (mbar)').fieldConfig?.overrides[0]?.properties).toEqual([
      { id: 'decimals', value: 1 },
    ]);
  });

  test('draws the range of a channel also behind one that has none', () => {
    const { fieldConfig } = panel(measurementDashboard([channel('a', { unit: 'K' }), kelvin('b')]), 'Temperature (K)');
    const styled = fieldConfig?.overrides.filter(({ properties }) =>
      properties.some(({ id }) => id === 'custom.thresholdsStyle'),
    );
    expect(styled?.map(({ matcher }) => matcher.options)).toEqual(['b', 'b-uncertain']);
    expect(fieldConfig?.defaults.custom).not.toHaveProperty('thresholdsStyle');
  });

  test('means by all devices those of its measurement, not all of which the gateway tells states and events', () => {
    const all = whole.templating.list?.map(({ name, allValue }) => [name, allValue]);
    expect(all).toEqual([
      ['gateway', '.*'],
      ['device', undefined],
    ]);
  });

  test('has room for the states of twelve devices', () => {
    const heightOf = (count: number): number => {
      const devices = Array.from({ length: count }, (_, i) => device(`b${i}`, [channel('m')]));
      const [, , dashboard] = siteDashboards(site(...devices));
      return panel(dashboard as Dashboard, 'Devices and their tasks').gridPos?.h ?? 0;
    };
    expect([1, 12, 64].map(heightOf)).toEqual([5, 13, 14]);
  });

  test('does not join gaps: a step without a value is null, and two polls in a row without one are a gap', () => {
    const temperature = panel(whole, 'Temperature (K)');
    expect(temperature.fieldConfig?.defaults.custom).toMatchObject({ spanNulls: 3000 });
    const [query] = panelsOf(whole, RANGE).find(({ title }) => title === 'Temperature (K)')?.queries ?? [];
    expect(query?.query).toBe(
      'SELECT mean("t1") FROM "lakeshore_218" WHERE "gateway" =~ /^.*$/ AND "device" =~ /^.*$/ AND ' +
        'time >= 1000000ms and time <= 4600000ms GROUP BY time(5s), "gateway", "device" fill(null)',
    );
  });

  test('tells uncertain and bad samples from good ones', () => {
    const { targets } = panel(whole, 'Temperature (K)');
    const refs = targets?.map((target) => (target as unknown as { refId: string }).refId);
    expect(refs).toEqual(['t1', 't1-uncertain', 't1-bad', 't2', 't2-uncertain', 't2-bad']);
    expect(JSON.stringify(targets)).toContain('\\"t1_quality\\" = 1 AND');
    expect(JSON.stringify(targets)).toContain('\\"t1_quality\\" = 2 AND');
  });

  test('has variables for gateways and devices, and events as annotations by severity', () => {
    expect(whole.templating.list?.map(({ name }) => name)).toEqual(['gateway', 'device']);
    expect(whole.annotations.list?.map(({ name }) => name)).toEqual([
      ...['Events: error', 'Events: warning', 'Events: info'],
    ]);
  });

  test.each<[string, readonly ChannelDescription[], string]>([
    ['added to a quantity', [...allKinds, kelvin('a0')], 'Temperature (K)'],
    ['added first', [kelvin('a0'), ...allKinds], 'Temperature (K)'],
    ['added with a new quantity', [...allKinds, channel('rh', { quantity: 'humidity', unit: '%' })], 'Humidity (%)'],
    ['added of words', [...allKinds, channel('alarm', { type: 'text' })], 'alarm'],
    ['renamed', allKinds.map((one) => (one.id === 't2' ? { ...one, id: 'outer' } : one)), 'Temperature (K)'],
    ['labelled', allKinds.map((one) => (one.id === 't2' ? { ...one, label: 'Outer' } : one)), 'Temperature (K)'],
    ['removed', allKinds.filter(({ id }) => id !== 't1'), 'Temperature (K)'],
    ['removed with its quantity', allKinds.filter(({ id }) => id !== 'p'), 'Pressure (mbar)'],
    ['of words removed', allKinds.filter(({ id }) => id !== 'mode'), 'Mode'],
  ])('a channel that is %s changes its panel and no other', (_, channels, title) => {
    const after = measurementDashboard(channels);
    expect(changed(whole, after)).toEqual([title]);
    expect({ ...after, panels: [] }).toEqual({ ...whole, panels: [] });
  });
});

describe('the dashboards of a site', () => {
  test('are the overview, the health of the gateways, and one for each measurement, under uids that stay', () => {
    const balances = Array.from({ length: 12 }, (_, i) => device(`balance${i}`, [channel('weight', { unit: 'g' })]));
    const others = [
      device('gps', [channel('speed')], { measurement: 'nmea0183' }),
      device('b', [channel('x')], { measurement: 'Große "Waage", 2' }),
    ];
    const uids = siteDashboards(site(...balances, ...others)).map(({ uid }) => uid);
    expect(uids).toEqual([
      ...['labwire-overview', 'labwire-health', 'labwire-m-Gro_e_Waage_2--4e56237041'],
      ...['labwire-m-lakeshore_218', 'labwire-m-nmea0183'],
    ]);
    for (const uid of uids) expect(uid).toMatch(/^[A-Za-z0-9_-]{1,40}$/);
  });

  test('are reached from the overview, also where the uid is not the measurement as it stands', () => {
    const long = device('b', [channel('x')], { measurement: 'temperature_of_the_upper_stage_left' });
    const short = device('a', [channel('x')], { measurement: 'short' });
    const [overview] = siteDashboards(site(short, long));
    const { fieldConfig } = panel(overview as Dashboard, 'Now');
    expect(fieldConfig?.defaults.links?.[0]).toMatchObject({
      url: expect.stringMatching(/^\/d\/labwire-m-\$\{__field\.labels\.measurement\}\?/),
    });
    const uid = siteDashboards(site(long))[2]?.uid;
    expect(fieldConfig?.overrides).toMatchObject([
      {
        matcher: { id: 'byRegexp', options: String.raw`/\/(b)$/` },
        properties: [{ id: 'links', value: [{ url: expect.stringContaining(`/d/${uid}?`) }] }],
      },
    ]);
  });

  test('do not depend on the gateway, nor on the order of devices and channels', () => {
    const [a, b] = [device('a', allKinds), device('b', [kelvin('t9')])];
    const elsewhere = device('a', [...allKinds].reverse(), { gateway: 'lab_b' });
    expect(grafanaFiles(site(b, elsewhere), '/d')).toEqual(grafanaFiles(site(a, b), '/d'));
  });

  test('show a channel that two devices have for different things by itself, of the device that has it so', () => {
    const devices = [
      device('a', [kelvin('t')]),
      device('b', [channel('t', { unit: 's' })]),
      device('c', [kelvin('u')]),
    ];
    const [, , dashboard] = siteDashboards(site(...devices));
    const queries = panelsOf(dashboard as Dashboard, RANGE).flatMap((one) => one.queries);
    const asked = (refId: string): string | undefined => queries.find((one) => one.refId === refId)?.query;
    expect(asked('t')).toContain(`("device" = 'a')`);
    expect(asked('t-2')).toContain(`("device" = 'b')`);
    expect(asked('u')).not.toContain(`"device" = `);
  });

  test('have no panel twice, and no panel over another that is not of its slot', () => {
    for (const { panels = [] } of siteDashboards(site(device('a', allKinds)))) {
      expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
      const places = panels.map(({ gridPos }) => gridPos).filter((place) => place !== undefined);
      for (const [i, one] of places.entries())
        for (const other of places.slice(i + 1))
          expect(
            one.x + one.w <= other.x ||
              other.x + other.w <= one.x ||
              one.y + one.h <= other.y ||
              other.y + other.h <= one.y,
          ).toBe(true);
    }
  });

  test('a device without channels has none, and a site without devices has an overview', () => {
    expect(siteDashboards(site(device('a', []))).map(({ uid }) => uid)).toEqual(['labwire-overview', 'labwire-health']);
  });
});
