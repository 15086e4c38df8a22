import { stringify } from 'yaml';
import type { ConfiguredSink } from '../config/index.ts';
import { dataSource } from './data-source.ts';

/** An InfluxDB of a configuration. */
export type ShownDatabase = Extract<ConfiguredSink, { kind: 'influx' }>;

const HEAD = '# Written by `labwire grafana`. A change by hand is kept: this file is then not written any more.\n';
const COPIES = '# To change a dashboard, save a copy of it in Grafana: nothing that labwire writes touches a copy.\n';

/**
 * Grafana's provisioning of the data sources: InfluxQL, which InfluxDB 1, 2 and 3 speak. Secrets stay in Grafana's environment:
 * `LABWIRE_<NAME>_TOKEN` or `LABWIRE_<NAME>_PASSWORD`, by the name of the sink.
 */
export function dataSourcesFile(databases: readonly ShownDatabase[]): string {
  const datasources = databases.map(({ name, options }) => {
    const { database, bucket, username, token } = options;
    const { type, uid } = dataSource(name);
    const own = {
      name: name === 'influx' ? 'labwire' : `labwire ${name}`,
      ...{ type, uid, access: 'proxy', url: literal(withoutUser(options.url)), editable: false },
    };
    const dbName = literal(database ?? bucket ?? '');
    if (token === undefined) {
      const user = username === undefined ? {} : { user: literal(username) };
      const password = username === undefined ? {} : { secureJsonData: { password: secret(name, 'PASSWORD') } };
      return { ...own, ...user, jsonData: { dbName, httpMode: 'POST' }, ...password };
    }
    return {
      ...own,
      jsonData: { dbName, httpMode: 'POST', httpHeaderName1: 'Authorization' },
      secureJsonData: { httpHeaderValue1: `Token ${secret(name, 'TOKEN')}` },
    };
  });
  return HEAD + stringify({ apiVersion: 1, datasources }, { lineWidth: 0 });
}

/** Names of the environment variables that Grafana needs for the data sources. */
export function secretNames(databases: readonly ShownDatabase[]): string[] {
  return databases.flatMap(({ name, options: { token, username } }) => {
    if (token !== undefined) return [secretName(name, 'TOKEN')];
    return username === undefined ? [] : [secretName(name, 'PASSWORD')];
  });
}

/**
 * Grafana's provisioning of the folder of dashboards.
 *
 * - `allowUiUpdates: false`: what a user changes on the page is saved as a copy, under a uid of its own, which no later file can
 *   overwrite.
 * - `disableDeletion: true`: a dashboard whose file is gone stays, with its links and stars; copies are never touched.
 *
 * @param path the folder as Grafana sees it
 */
export function dashboardsFile(path: string): string {
  const provider = {
    name: 'labwire',
    folder: 'labwire',
    folderUid: 'labwire',
    type: 'file',
    allowUiUpdates: false,
    disableDeletion: true,
    updateIntervalSeconds: 30,
    options: { path: literal(path), foldersFromFilesStructure: false },
  };
  return HEAD + COPIES + stringify({ apiVersion: 1, providers: [provider] }, { lineWidth: 0 });
}

/** Grafana puts an environment variable in the place of `$NAME`. */
function literal(text: string): string {
  return text.replaceAll('$', '$$$$');
}

function secret(sink: string, what: 'TOKEN' | 'PASSWORD'): string {
  return `\${${secretName(sink, what)}}`;
}

function secretName(sink: string, what: 'TOKEN' | 'PASSWORD'): string {
  return `LABWIRE_${sink.toUpperCase()}_${what}`;
}

/** A user and password within a URL are no part of an address. */
function withoutUser(url: string): string {
  return url.replace(/^(\w+:\/\/)[^/@]*@/, '$1');
}
