import type { Dashboard, Panel } from '@grafana/grafana-foundation-sdk/dashboard';
import { type Chosen, type FillOptions, type FillVariable, fillMacros, fillVariables, stepMs } from './fill.ts';
import type { InfluxAnnotationTarget, InfluxTarget } from './influx-query.ts';

/** A query of a panel or annotation as it goes to InfluxDB. */
export interface FilledQuery {
  readonly refId: string;
  readonly query: string;
  readonly format: InfluxTarget['resultFormat'];
  /** Name of each series: see `nameOfSeries`. */
  readonly alias?: string;
}

/** A panel with its queries. */
export interface FilledPanel {
  readonly id: number;
  readonly title: string;
  /** Grafana's word for the kind of panel: `timeseries`, `state-timeline`, `stat`, `table`. */
  readonly type: string;
  /** Length of a step, ms. */
  readonly stepMs: number;
  readonly queries: readonly FilledQuery[];
  readonly panel: Panel;
}

/** The panels of a dashboard, also of one that was read from its file, with their queries filled in as Grafana does. */
export function panelsOf(dashboard: Dashboard, options: FillOptions): FilledPanel[] {
  const variables = variablesIn(dashboard);
  return (dashboard.panels ?? []).flatMap((panel) => {
    if (!('targets' in panel)) return [];
    const step = stepMs(options, panel.interval);
    const queries = (panel.targets ?? []).map((target) =>
      filled(target as unknown as InfluxTarget, variables, options, step),
    );
    const { id = 0, title = '', type } = panel;
    return [{ id, title, type, stepMs: step, queries, panel }];
  });
}

/** The queries of a dashboard's annotations, by their names. */
export function annotationsOf(dashboard: Dashboard, options: FillOptions): Map<string, FilledQuery> {
  const variables = variablesIn(dashboard);
  const layers = (dashboard.annotations.list ?? []).filter(({ target }) => target !== undefined);
  return new Map(
    layers.map(({ name, target }) => {
      return [name, filled(target as unknown as InfluxAnnotationTarget, variables, options, stepMs(options))];
    }),
  );
}

/** The queries of a dashboard's variables, by their names. */
export function variableQueriesOf(dashboard: Dashboard, chosen: Chosen = {}): Map<string, string> {
  const variables = variablesIn(dashboard);
  const asked = (dashboard.templating.list ?? []).filter(({ type }) => String(type) === 'query');
  return new Map(asked.map(({ name, query }) => [name, fillVariables(String(query), variables, chosen)]));
}

/** Where a variable has nothing for "All" Grafana takes each value that it found; here that is any. */
function variablesIn(dashboard: Dashboard): FillVariable[] {
  return (dashboard.templating.list ?? []).map(({ name, allValue = '.*' }) => ({ name, allValue }));
}

function filled(
  target: InfluxTarget,
  variables: readonly FillVariable[],
  options: FillOptions,
  step: number,
): FilledQuery {
  const { refId, query, resultFormat, alias } = target;
  const text = fillMacros(fillVariables(query, variables, options), options, step);
  const named = alias === undefined ? {} : { alias: fillVariables(alias, variables, options) };
  return { refId, query: text, format: resultFormat, ...named };
}
