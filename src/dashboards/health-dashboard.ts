import type { Builder } from '@grafana/grafana-foundation-sdk/cog';
import { LegendDisplayMode, LegendPlacement, VizLegendOptionsBuilder } from '@grafana/grafana-foundation-sdk/common';
import type { Dashboard, DataSourceRef, GridPos, Panel } from '@grafana/grafana-foundation-sdk/dashboard';
import { PanelBuilder } from '@grafana/grafana-foundation-sdk/timeseries';
import { colour, stateMappings, switchMappings } from './colours.ts';
import { eventLayers, frame, gatewayVariable } from './frame.ts';
import { influxQuery } from './influx-query.ts';
import { chosen, identifier, inSteps } from './influxql.ts';
import { stateTimeline } from './state-panel.ts';
import { SINK_GAP_MS, STATE_GAP_MS } from './status-series.ts';

interface Figure {
  readonly id: number;
  readonly title: string;
  readonly description: string;
  readonly unit: string;
  readonly select: string;
  readonly from: keyof typeof SERIES;
  readonly position: GridPos;
}

/** What each measurement's series are told apart by, and how long one may be silent. */
const SERIES = {
  labwire_sinks: { by: ['gateway', 'sink'], name: '[[tag_gateway]]/[[tag_sink]]', gap: SINK_GAP_MS },
  labwire_devices: { by: ['gateway', 'device'], name: '[[tag_gateway]]/[[tag_device]]', gap: STATE_GAP_MS },
  labwire_tasks: {
    by: ['gateway', 'device', 'task'],
    name: '[[tag_gateway]]/[[tag_device]] [[tag_task]]',
    gap: STATE_GAP_MS,
  },
} as const;

const HEIGHT = 8;
const at = (row: number, column: 0 | 1): GridPos => ({ x: 12 * column, y: HEIGHT * row, w: 12, h: HEIGHT });

const FIGURES: readonly Figure[] = [
  {
    id: 2,
    title: 'Records not delivered yet',
    description: 'What the journal has and a broker, database or folder has not.',
    unit: 'short',
    select: `last(${identifier('lag')})`,
    from: 'labwire_sinks',
    position: at(1, 0),
  },
  {
    id: 3,
    title: 'Age of the oldest of them',
    description: 'How far a broker, database or folder is behind.',
    unit: 's',
    select: `last(${identifier('lag_seconds')})`,
    from: 'labwire_sinks',
    position: at(1, 1),
  },
  {
    id: 4,
    title: 'Records delivered per second',
    description: 'Over about the last 10 s.',
    unit: 'short',
    select: `mean(${identifier('rate')})`,
    from: 'labwire_sinks',
    position: at(2, 0),
  },
  {
    id: 5,
    title: 'Attempts made again',
    description: 'Since the start of the gateway.',
    unit: 'short',
    select: `last(${identifier('retries')})`,
    from: 'labwire_sinks',
    position: at(2, 1),
  },
  {
    id: 6,
    title: 'Records dropped',
    description:
      'Discarded by the journal before they were delivered, or refused for good, since the start of the gateway.',
    unit: 'short',
    select: `last(${identifier('dropped')})`,
    from: 'labwire_sinks',
    position: at(3, 0),
  },
  {
    id: 7,
    title: 'Frames rejected',
    description: 'Of each device, since it was started.',
    unit: 'short',
    select: `last(${identifier('dropped')})`,
    from: 'labwire_devices',
    position: at(3, 1),
  },
  {
    id: 8,
    title: 'Automatic restarts of tasks',
    description: 'Since the last start by hand.',
    unit: 'short',
    select: `max(${identifier('restarts')})`,
    from: 'labwire_tasks',
    position: at(4, 1),
  },
];

/** How the gateways do: what lies between an instrument and a database. */
export function healthDashboard(source: DataSourceRef): Dashboard {
  const builder = frame('labwire-health', 'labwire: health of the gateways', 'Lag, rates, drops and restarts.')
    .withVariable(gatewayVariable(source))
    .annotations(eventLayers(source, ['gateway']))
    .withPanel(
      timeline(1, 'Whether brokers and databases take records', 'connected', 'labwire_sinks', source, {
        ...at(0, 0),
        w: 24,
      }).mappings(switchMappings('yes', 'no', colour.good, colour.bad)),
    );
  for (const given of FIGURES) builder.withPanel(figure(given, source));
  return builder
    .withPanel(timeline(9, 'States of tasks', 'state', 'labwire_tasks', source, at(4, 0)).mappings(stateMappings))
    .build();
}

function timeline(
  id: number,
  title: string,
  field: string,
  from: keyof typeof SERIES,
  source: DataSourceRef,
  position: GridPos,
): ReturnType<typeof stateTimeline> {
  const { by, name, gap } = SERIES[from];
  const select = `last(${identifier(field)})`;
  return stateTimeline(title, source, position, gap)
    .id(id)
    .withTarget(
      influxQuery({
        refId: field,
        alias: name,
        query: inSteps({ select, from, where: [chosen('gateway')], by }, 'null'),
      }),
    );
}

function figure(
  { id, title, description, unit, select, from, position }: Figure,
  source: DataSourceRef,
): Builder<Panel> {
  const { by, name, gap } = SERIES[from];
  return new PanelBuilder()
    .id(id)
    .title(title)
    .description(description)
    .datasource(source)
    .gridPos(position)
    .unit(unit)
    .min(0)
    .lineWidth(1)
    .spanNulls(gap)
    .legend(
      new VizLegendOptionsBuilder()
        .displayMode(LegendDisplayMode.List)
        .placement(LegendPlacement.Bottom)
        .showLegend(true),
    )
    .withTarget(
      influxQuery({
        refId: 'figure',
        alias: name,
        query: inSteps({ select, from, where: [chosen('gateway')], by }, 'null'),
      }),
    );
}
