import type { Builder } from '@grafana/grafana-foundation-sdk/cog';
import {
  BigValueColorMode,
  BigValueGraphMode,
  BigValueTextMode,
  ReduceDataOptionsBuilder,
} from '@grafana/grafana-foundation-sdk/common';
import {
  type Dashboard,
  DashboardLinkBuilder,
  DashboardLinkType,
  type DataSourceRef,
  type Panel,
} from '@grafana/grafana-foundation-sdk/dashboard';
import { PanelBuilder as StatBuilder } from '@grafana/grafana-foundation-sdk/stat';
import { PanelBuilder as TableBuilder } from '@grafana/grafana-foundation-sdk/table';
import type { MeasurementGroup } from './channel-groups.ts';
import { stateMappings } from './colours.ts';
import { eventLayers, frame, gatewayVariable } from './frame.ts';
import { influxQuery } from './influx-query.ts';
import { chosen, inSteps } from './influxql.ts';
import { MEASUREMENT_UID } from './measurement-dashboard.ts';
import { stableUid } from './stable-ids.ts';
import { stateTimeline } from './state-panel.ts';
import { CURRENT, STATE_GAP_MS } from './status-series.ts';

/**
 * Every device of every gateway, from what the database has.
 *
 * @param groups of the configuration: what is not in it is shown too
 */
export function overviewDashboard(source: DataSourceRef, groups: readonly MeasurementGroup[]): Dashboard {
  return frame('labwire-overview', 'labwire: overview', 'All devices and what became of them.')
    .time({ from: 'now-6h', to: 'now' })
    .withVariable(gatewayVariable(source))
    .annotations(eventLayers(source, ['gateway']))
    .withPanel(now(source, groups))
    .withPanel(
      stateTimeline('States of the devices', source, { x: 0, y: 8, w: 24, h: 10 }, STATE_GAP_MS)
        .id(2)
        .mappings(stateMappings)
        .withTarget(
          influxQuery({
            refId: 'devices',
            alias: '[[tag_gateway]]/[[tag_device]]',
            query: inSteps(
              {
                select: 'last("state")',
                from: 'labwire_devices',
                where: [chosen('gateway')],
                by: ['gateway', 'device'],
              },
              'null',
            ),
          }),
        ),
    )
    .withPanel(deviceTable(source))
    .withPanel(eventTable(source))
    .build();
}

/** Of the columns of an answer the one that is named as below: the other is the time. */
const DEVICE_NAME = String.raw`/.*\/.*/`;

/** A tile for each device that was told of just now: what is old must not look current. */
function now(source: DataSourceRef, groups: readonly MeasurementGroup[]): Builder<Panel> {
  const where = `${chosen('gateway')} AND time > now() - ${CURRENT}`;
  const by = '"gateway", "device", "measurement"';
  const builder = new StatBuilder()
    .id(1)
    .title('Now')
    .datasource(source)
    .gridPos({ x: 0, y: 0, w: 24, h: 8 })
    .mappings(stateMappings)
    .noValue('No gateway has told of a device within the last minutes')
    .colorMode(BigValueColorMode.Background)
    .graphMode(BigValueGraphMode.None)
    .textMode(BigValueTextMode.ValueAndName)
    .reduceOptions(new ReduceDataOptionsBuilder().calcs(['lastNotNull']).fields(DEVICE_NAME).values(false))
    .dataLinks([linkTo(`${MEASUREMENT_UID}\${__field.labels.measurement}`)])
    .withTarget(
      influxQuery({
        refId: 'now',
        alias: '[[tag_gateway]]/[[tag_device]]',
        query: `SELECT last("state") FROM "labwire_devices" WHERE ${where} GROUP BY ${by}`,
      }),
    );
  for (const { measurement, devices } of groups) {
    const uid = stableUid(MEASUREMENT_UID, measurement);
    // The uid of most dashboards is made of the measurement as it stands.
    if (uid === `${MEASUREMENT_UID}${measurement}`) continue;
    const ids = devices.map(({ description }) => description.device).sort();
    builder.overrideByRegexp(`/\\/(${ids.join('|')})$/`, [{ id: 'links', value: [linkTo(uid).build()] }]);
  }
  return builder;
}

/** A link to the dashboard of a measurement, with the device that was clicked. */
function linkTo(uid: string): DashboardLinkBuilder {
  const url = `/d/${uid}?var-gateway=\${__field.labels.gateway}&var-device=\${__field.labels.device}&\${__url_time_range}`;
  return new DashboardLinkBuilder('What it measures').type(DashboardLinkType.Link).url(url);
}

function deviceTable(source: DataSourceRef): Builder<Panel> {
  const columns = 'last("state") AS "state", "code", "message", "last_sample", "dropped"';
  return new TableBuilder()
    .id(3)
    .title('Last word of each device')
    .datasource(source)
    .gridPos({ x: 0, y: 18, w: 24, h: 10 })
    .withTarget(
      influxQuery({
        refId: 'last',
        resultFormat: 'table',
        query: `SELECT ${columns} FROM "labwire_devices" WHERE ${chosen('gateway')} AND $timeFilter GROUP BY "gateway", "device", "model"`,
      }),
    )
    .overrideByName('Time', [
      { id: 'displayName', value: 'told' },
      { id: 'unit', value: 'dateTimeFromNow' },
    ])
    .overrideByName('state', [
      { id: 'mappings', value: stateMappings },
      { id: 'custom.cellOptions', value: { type: 'color-background' } },
    ])
    .overrideByName('last_sample', [
      { id: 'displayName', value: 'last sample' },
      { id: 'unit', value: 'dateTimeFromNow' },
    ])
    .overrideByName('dropped', [{ id: 'displayName', value: 'rejected frames' }]);
}

function eventTable(source: DataSourceRef): Builder<Panel> {
  return new TableBuilder()
    .id(4)
    .title('Events')
    .datasource(source)
    .gridPos({ x: 0, y: 28, w: 24, h: 12 })
    .withTarget(
      influxQuery({
        refId: 'events',
        resultFormat: 'table',
        query: `SELECT "severity", "gateway", "device", "title", "text", "code" FROM "labwire_events" WHERE ${chosen('gateway')} AND $timeFilter ORDER BY time DESC LIMIT 200`,
      }),
    );
}
