import type { Dashboard, DataSourceRef } from '@grafana/grafana-foundation-sdk/dashboard';
import type { MeasurementGroup } from './channel-groups.ts';
import { stateMappings } from './colours.ts';
import { deviceVariable, eventLayers, frame, gatewayVariable } from './frame.ts';
import { influxQuery } from './influx-query.ts';
import { chosen, inSteps } from './influxql.ts';
import { quantityPanel } from './quantity-panel.ts';
import { SECTION_HEIGHT, stableUid } from './stable-ids.ts';
import { channelStatePanel, stateTimeline } from './state-panel.ts';
import { STATE_GAP_MS } from './status-series.ts';

/** Begin of the uid of a measurement's dashboard; behind it comes the measurement. */
export const MEASUREMENT_UID = 'labwire-m-';

/** Of the panel of states at the top, at most. */
const STATES_HEIGHT = 14;

/** The dashboard of all devices that write one measurement: twelve balances have one. */
export function measurementDashboard(group: MeasurementGroup, source: DataSourceRef): Dashboard {
  const { measurement, quantities, states } = group;
  const builder = frame(
    stableUid(MEASUREMENT_UID, measurement),
    titleOf(group),
    'Values of the chosen devices. Orange points are uncertain; red points at the bottom are bad samples, which have no value.',
  )
    .withVariable(gatewayVariable(source))
    .withVariable(deviceVariable(measurement, source))
    .annotations(eventLayers(source, ['gateway', 'device']))
    .withPanel(runningStates(source, group.devices.length));
  for (const quantity of quantities) builder.withPanel(quantityPanel(quantity, measurement, source, STATES_HEIGHT));
  const below = STATES_HEIGHT + SECTION_HEIGHT;
  for (const channel of states) builder.withPanel(channelStatePanel(channel, measurement, source, below));
  return builder.build();
}

/** Two rows for each device, one of them for its task: high enough that twelve can be told apart, low for one. */
function runningStates(source: DataSourceRef, devices: number): ReturnType<typeof stateTimeline> {
  const h = Math.min(STATES_HEIGHT, 4 + Math.ceil(0.7 * devices));
  const where = [chosen('gateway'), chosen('device')];
  const select = 'last("state")';
  return stateTimeline('Devices and their tasks', source, { x: 0, y: 0, w: 24, h }, STATE_GAP_MS)
    .id(1)
    .mappings(stateMappings)
    .withTarget(
      influxQuery({
        refId: 'devices',
        alias: '[[tag_gateway]]/[[tag_device]]',
        query: inSteps({ select, from: 'labwire_devices', where, by: ['gateway', 'device'] }, 'null'),
      }),
    )
    .withTarget(
      influxQuery({
        refId: 'tasks',
        alias: '[[tag_gateway]]/[[tag_device]] [[tag_task]]',
        query: inSteps({ select, from: 'labwire_tasks', where, by: ['gateway', 'device', 'task'] }, 'null'),
      }),
    );
}

/** The measurement is in it, since Grafana wants each title of a folder once. */
function titleOf({ measurement, devices }: MeasurementGroup): string {
  const names = new Set(devices.map(({ description }) => nameOf(description)));
  const [name] = names;
  return names.size === 1 && name !== undefined ? `${name} (${measurement})` : measurement;
}

/** Of a maker's instrument the model's name; what is described by the site, as the site calls it. */
function nameOf({
  manufacturer,
  modelName,
  label,
}: MeasurementGroup['devices'][number]['description']): string | undefined {
  if (manufacturer === undefined || manufacturer === 'generic') return label ?? modelName;
  return modelName === undefined ? manufacturer : `${manufacturer} ${modelName}`;
}
