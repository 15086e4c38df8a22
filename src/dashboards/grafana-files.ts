import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard';
import { measurementGroups } from './channel-groups.ts';
import { dataSource } from './data-source.ts';
import { healthDashboard } from './health-dashboard.ts';
import { measurementDashboard } from './measurement-dashboard.ts';
import { overviewDashboard } from './overview-dashboard.ts';
import { dashboardsFile, dataSourcesFile, type ShownDatabase } from './provisioning.ts';
import type { ShownDevice } from './shown-device.ts';

/** What dashboards are made from. */
export interface ShownSite {
  readonly devices: readonly ShownDevice[];
  /** One or more; the dashboards ask the first. */
  readonly databases: readonly [ShownDatabase, ...ShownDatabase[]];
}

/** The dashboards of a site: the overview, the gateways' health, and one for each measurement. */
export function siteDashboards({ devices, databases: [{ name }] }: ShownSite): Dashboard[] {
  const source = dataSource(name);
  const groups = measurementGroups(devices);
  const ofMeasurements = groups.map((group) => measurementDashboard(group, source));
  return [overviewDashboard(source, groups), healthDashboard(source), ...ofMeasurements];
}

/**
 * All files that Grafana's provisioning reads, by their paths with `/`. Equal sites give equal files.
 *
 * @param dashboardsPath the folder `dashboards` as Grafana sees it
 */
export function grafanaFiles(site: ShownSite, dashboardsPath: string): Map<string, string> {
  const files = new Map([
    ['provisioning/datasources/labwire.yaml', dataSourcesFile(site.databases)],
    ['provisioning/dashboards/labwire.yaml', dashboardsFile(dashboardsPath)],
  ]);
  for (const dashboard of siteDashboards(site))
    files.set(`dashboards/${dashboard.uid}.json`, `${JSON.stringify(dashboard, null, 2)}\n`);
  return files;
}
