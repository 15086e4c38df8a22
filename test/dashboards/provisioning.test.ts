import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { grafanaFiles, type ShownDatabase, secretNames } from '../../src/dashboards/index.ts';
import { allKinds, database, device } from './site.ts';

function files(...databases: [ShownDatabase, ...ShownDatabase[]]): Map<string, string> {
  return grafanaFiles({ devices: [device('a', allKinds)], databases }, '/srv/$dashboards');
}

test('the data source of an InfluxDB 1 asks its database, with the password from the environment', () => {
  const own = database({ url: 'http://me:in@db:8086', username: 'grafana', password: 'hush' });
  const all = files(own);
  expect(parse(all.get('provisioning/datasources/labwire.yaml') ?? '')).toEqual({
    apiVersion: 1,
    datasources: [
      {
        ...{ name: 'labwire', type: 'influxdb', uid: 'labwire-influx', access: 'proxy', url: 'http://db:8086' },
        ...{ editable: false, user: 'grafana', jsonData: { dbName: 'lab', httpMode: 'POST' } },
        secureJsonData: { password: `\${LABWIRE_INFLUX_PASSWORD}` },
      },
    ],
  });
  expect(secretNames([own])).toEqual(['LABWIRE_INFLUX_PASSWORD']);
  expect([...all.values()].join()).not.toMatch(/hush|me:in/);
});

test('the data source of an InfluxDB 2 or 3 asks its bucket, with the token from the environment', () => {
  const { database: _, ...options } = database({ bucket: 'big$data', org: 'lab', token: 'hush' }, 'central').options;
  const own = { ...database({}, 'central'), options };
  const all = files(own, database());
  expect(parse(all.get('provisioning/datasources/labwire.yaml') ?? '').datasources).toEqual([
    {
      ...{ name: 'labwire central', type: 'influxdb', uid: 'labwire-central', access: 'proxy' },
      ...{ url: 'http://localhost:8086', editable: false },
      jsonData: { dbName: 'big$$data', httpMode: 'POST', httpHeaderName1: 'Authorization' },
      secureJsonData: { httpHeaderValue1: `Token \${LABWIRE_CENTRAL_TOKEN}` },
    },
    expect.objectContaining({ uid: 'labwire-influx', jsonData: { dbName: 'lab', httpMode: 'POST' } }),
  ]);
  expect(secretNames([own, database()])).toEqual(['LABWIRE_CENTRAL_TOKEN']);
  expect([...all.values()].join()).not.toContain('hush');
  expect(all.get('dashboards/labwire-overview.json')).toContain('"uid": "labwire-central"');
});

test('the folder of dashboards keeps what users made of them', () => {
  expect(parse(files(database()).get('provisioning/dashboards/labwire.yaml') ?? '').providers).toEqual([
    expect.objectContaining({
      ...{ folder: 'labwire', allowUiUpdates: false, disableDeletion: true },
      options: { path: '/srv/$$dashboards', foldersFromFilesStructure: false },
    }),
  ]);
});
