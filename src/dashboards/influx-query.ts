import type { Builder, Dataquery } from '@grafana/grafana-foundation-sdk/cog';

/** A query of a panel, as Grafana's InfluxDB data source has it. The SDK leaves that to its users. */
export interface InfluxTarget {
  readonly refId: string;
  /** InfluxQL with Grafana's macros and variables. */
  readonly query: string;
  readonly rawQuery: true;
  readonly resultFormat: 'time_series' | 'table';
  /** Name of a series, with `[[tag_device]]` and the like. */
  readonly alias?: string;
}

/** A query of an annotation, with the columns that make its text. */
export interface InfluxAnnotationTarget extends InfluxTarget {
  readonly fromAnnotations: true;
  readonly textEditor: true;
  readonly titleColumn: string;
  readonly textColumn: string;
  /** Several with commas between them. */
  readonly tagsColumn: string;
}

type Given<T extends InfluxTarget> = Omit<T, 'rawQuery' | 'resultFormat'> & Partial<Pick<T, 'resultFormat'>>;

/** Makes a query that the SDK's panels take. */
export function influxQuery<T extends InfluxTarget = InfluxTarget>(given: Given<T>): Builder<Dataquery> {
  return {
    build: () => ({ rawQuery: true, resultFormat: 'time_series', ...given, _implementsDataqueryVariant() {} }),
  };
}
