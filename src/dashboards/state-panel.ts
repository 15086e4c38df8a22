import type { Builder } from '@grafana/grafana-foundation-sdk/cog';
import {
  LegendDisplayMode,
  LegendPlacement,
  SortOrder,
  TooltipDisplayMode,
  VisibilityMode,
  VizLegendOptionsBuilder,
  VizTooltipOptionsBuilder,
} from '@grafana/grafana-foundation-sdk/common';
import {
  type DataSourceRef,
  FieldColorBuilder,
  FieldColorModeId,
  type GridPos,
  type Panel,
  type ValueMapping,
} from '@grafana/grafana-foundation-sdk/dashboard';
import { PanelBuilder } from '@grafana/grafana-foundation-sdk/statetimeline';
import type { ChannelDescription } from '../instrument/index.ts';
import type { ShownChannel } from './channel-groups.ts';
import { seriesName, valueSelection } from './channel-series.ts';
import { colour, qualityMappings, switchMappings, wordMappings } from './colours.ts';
import { influxQuery } from './influx-query.ts';
import { identifier, inSteps } from './influxql.ts';
import { plainText } from './plain-text.ts';
import { gapMs, leastStep } from './shown-device.ts';
import { panelId, SLOT_HEIGHT, slotOf } from './stable-ids.ts';

/** A panel of states over time; the caller adds queries. */
export function stateTimeline(title: string, source: DataSourceRef, position: GridPos, gap: number): PanelBuilder {
  return new PanelBuilder()
    .title(plainText(title))
    .datasource(source)
    .gridPos(position)
    .colorScheme(new FieldColorBuilder().mode(FieldColorModeId.PaletteClassic))
    .mergeValues(true)
    .showValue(VisibilityMode.Auto)
    .rowHeight(0.8)
    .spanNulls(gap)
    .legend(
      new VizLegendOptionsBuilder()
        .displayMode(LegendDisplayMode.List)
        .placement(LegendPlacement.Bottom)
        .showLegend(false),
    )
    .tooltip(new VizTooltipOptionsBuilder().mode(TooltipDisplayMode.Single).sort(SortOrder.None));
}

/** A panel for a channel of words or of yes and no, with its quality below. */
export function channelStatePanel(
  channel: ShownChannel,
  measurement: string,
  source: DataSourceRef,
  top: number,
): Builder<Panel> {
  const { key, description, devices } = channel;
  const from = valueSelection(channel, measurement);
  const [field, quality] = [identifier(description.id), identifier(`${description.id}_quality`)];
  const qualityId = `${key}-quality`;
  const position = { x: 0, y: top + slotOf(key), w: 24, h: SLOT_HEIGHT };
  return stateTimeline(description.label ?? description.id, source, position, gapMs(devices))
    .id(panelId(`state ${key}`))
    .interval(leastStep(devices))
    .withTarget(
      influxQuery({
        refId: key,
        alias: seriesName(description),
        query: inSteps({ ...from, select: `last(${field})` }, 'null'),
      }),
    )
    .withTarget(
      influxQuery({
        refId: qualityId,
        alias: seriesName(description, 'quality'),
        query: inSteps({ ...from, select: `max(${quality})` }, 'null'),
      }),
    )
    .overrideByQuery(key, [{ id: 'mappings', value: mappingsOf(description) }])
    .overrideByQuery(qualityId, [{ id: 'mappings', value: qualityMappings }]);
}

function mappingsOf({ type, options }: ChannelDescription): ValueMapping[] {
  if (type === 'boolean') return switchMappings('on', 'off', colour.waiting, colour.off);
  return options ? wordMappings(options) : [];
}
