import type { Builder } from '@grafana/grafana-foundation-sdk/cog';
import {
  type AnnotationQuery,
  AnnotationQueryBuilder,
  DashboardBuilder,
  DashboardCursorSync,
  DashboardLinkBuilder,
  DashboardLinkType,
  type DataSourceRef,
  QueryVariableBuilder,
  VariableRefresh,
  VariableSort,
} from '@grafana/grafana-foundation-sdk/dashboard';
import { colour } from './colours.ts';
import { type InfluxAnnotationTarget, influxQuery } from './influx-query.ts';
import { chosen, identifier, measurement, stringLiteral } from './influxql.ts';

/** By which the dashboards find each other. */
const TAG = 'labwire';

/** What all dashboards have in common. */
export function frame(uid: string, title: string, description: string): DashboardBuilder {
  return new DashboardBuilder(title)
    .uid(uid)
    .description(description)
    .tags([TAG])
    .time({ from: 'now-1h', to: 'now' })
    .refresh('10s')
    .tooltip(DashboardCursorSync.Crosshair)
    .link(
      new DashboardLinkBuilder('labwire')
        .type(DashboardLinkType.Dashboards)
        .tags([TAG])
        .asDropdown(true)
        .keepTime(true)
        .includeVars(true),
    );
}

/** Which gateways are shown: those that have told of a device. */
export function gatewayVariable(source: DataSourceRef): QueryVariableBuilder {
  return variable(
    'gateway',
    'Gateway',
    source,
    `SHOW TAG VALUES FROM ${measurement('labwire_devices')} WITH KEY = ${identifier('gateway')}`,
    // One that appears while the page is open is shown too.
  ).allValue('.*');
}

/**
 * Which devices of a measurement are shown: those that were ever heard of. Its "All" means those and no others, which the states
 * and events of a gateway tell of too.
 */
export function deviceVariable(of: string, source: DataSourceRef): QueryVariableBuilder {
  const query = `SHOW TAG VALUES FROM ${measurement(of)} WITH KEY = ${identifier('device')} WHERE ${chosen('gateway')}`;
  return variable('device', 'Device', source, query);
}

function variable(name: string, label: string, source: DataSourceRef, query: string): QueryVariableBuilder {
  return new QueryVariableBuilder(name)
    .label(label)
    .datasource(source)
    .query(query)
    .definition(query)
    .multi(true)
    .includeAll(true)
    .current({ selected: true, text: 'All', value: '$__all' })
    .refresh(VariableRefresh.OnTimeRangeChanged)
    .sort(VariableSort.AlphabeticalAsc);
}

const SEVERITIES = { error: colour.bad, warning: colour.doubtful, info: colour.waiting } as const;

/** Events as annotations, a layer for each severity, so that each can be switched off. */
export function eventLayers(source: DataSourceRef, of: readonly ('gateway' | 'device')[]): Builder<AnnotationQuery>[] {
  return Object.entries(SEVERITIES).map(([severity, iconColor]) => {
    const where = [`${identifier('severity')} = ${stringLiteral(severity)}`, ...of.map(chosen), '$timeFilter'];
    // Grafana leaves out events of which a column is empty. A gateway's own have no device; where it is, the title names it.
    const tags = [...of.filter((tag) => tag === 'device'), 'kind', 'code'];
    const columns = ['title', 'text', ...tags].map(identifier).join(', ');
    return new AnnotationQueryBuilder()
      .name(`Events: ${severity}`)
      .datasource(source)
      .enable(true)
      .iconColor(iconColor)
      .target(
        influxQuery<InfluxAnnotationTarget>({
          refId: `events-${severity}`,
          query: `SELECT ${columns} FROM ${measurement('labwire_events')} WHERE ${where.join(' AND ')} ORDER BY time DESC LIMIT 1000`,
          fromAnnotations: true,
          textEditor: true,
          titleColumn: 'title',
          textColumn: 'text',
          tagsColumn: tags.join(','),
        }),
      );
  });
}
