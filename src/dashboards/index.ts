export {
  annotationsOf,
  type FilledPanel,
  type FilledQuery,
  panelsOf,
  variableQueriesOf,
} from './dashboard-queries.ts';
export { type Chosen, type FillOptions, nameOfSeries } from './fill.ts';
export { grafanaFiles, type ShownSite, siteDashboards } from './grafana-files.ts';
export { type ShownDatabase, secretNames } from './provisioning.ts';
export type { ShownDevice } from './shown-device.ts';
export { type WrittenOut, writeOut } from './write-out.ts';
