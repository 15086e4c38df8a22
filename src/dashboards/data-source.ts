import type { DataSourceRef } from '@grafana/grafana-foundation-sdk/dashboard';
import { stableUid } from './stable-ids.ts';

/** The data source of an InfluxDB, by the name of its sink. */
export function dataSource(sink: string): DataSourceRef {
  return { type: 'influxdb', uid: stableUid('labwire-', sink) };
}
