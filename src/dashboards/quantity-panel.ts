import type { Builder } from '@grafana/grafana-foundation-sdk/cog';
import {
  AxisPlacement,
  GraphDrawStyle,
  GraphThresholdsStyleMode,
  LegendDisplayMode,
  LegendPlacement,
  LineInterpolation,
  SortOrder,
  TooltipDisplayMode,
  VisibilityMode,
  VizLegendOptionsBuilder,
  VizTooltipOptionsBuilder,
} from '@grafana/grafana-foundation-sdk/common';
import {
  type DataSourceRef,
  type DynamicConfigValue,
  FieldColorBuilder,
  FieldColorModeId,
  type Panel,
  type Threshold,
  ThresholdsConfigBuilder,
  ThresholdsMode,
} from '@grafana/grafana-foundation-sdk/dashboard';
import { PanelBuilder } from '@grafana/grafana-foundation-sdk/timeseries';
import { type ChannelDescription, units } from '../instrument/index.ts';
import type { QuantityGroup, ShownChannel } from './channel-groups.ts';
import { seriesName, valueSelection } from './channel-series.ts';
import { colour, qualityMappings } from './colours.ts';
import { influxQuery } from './influx-query.ts';
import { identifier, inSteps } from './influxql.ts';
import { inWords, plainText } from './plain-text.ts';
import { gapMs, leastStep } from './shown-device.ts';
import { panelId, SLOT_HEIGHT, slotOf } from './stable-ids.ts';

/**
 * A panel of the numbers of one quantity: a line for each channel and device; on it what is uncertain, as points; at the bottom
 * what is bad, as points on a scale of their own, since a bad sample has no value.
 */
export function quantityPanel(
  group: QuantityGroup,
  measurement: string,
  source: DataSourceRef,
  top: number,
): Builder<Panel> {
  const { channels, key } = group;
  const devices = channels.flatMap((channel) => channel.devices);
  const builder = new PanelBuilder()
    .id(panelId(key))
    .title(titleOf(group))
    .datasource(source)
    .gridPos({ x: 0, y: top + slotOf(key), w: 24, h: SLOT_HEIGHT })
    .interval(leastStep(devices))
    .unit(grafanaUnit(group.unit))
    .colorScheme(new FieldColorBuilder().mode(FieldColorModeId.PaletteClassicByName))
    .drawStyle(GraphDrawStyle.Line)
    .lineInterpolation(LineInterpolation.Linear)
    .lineWidth(1)
    .showPoints(VisibilityMode.Auto)
    // Steps without a value are null: those of a true gap are not joined.
    .spanNulls(gapMs(devices))
    // Without a range of its own a channel has no limits; Grafana would draw one at 80.
    .thresholds(
      new ThresholdsConfigBuilder().mode(ThresholdsMode.Absolute).steps([{ value: null, color: colour.good }]),
    )
    .legend(legend())
    .tooltip(new VizTooltipOptionsBuilder().mode(TooltipDisplayMode.Multi).sort(SortOrder.None));
  for (const channel of channels) addChannel(builder, channel, measurement);
  return builder;
}

function addChannel(builder: PanelBuilder, channel: ShownChannel, measurement: string): void {
  const { key, description } = channel;
  const field = identifier(description.id);
  const quality = identifier(`${description.id}_quality`);
  const from = valueSelection(channel, measurement);
  const [uncertain, bad] = [`${key}-uncertain`, `${key}-bad`];
  const ofQuality = (value: 1 | 2): string[] => [`${quality} = ${value}`, ...from.where];
  builder
    .withTarget(
      influxQuery({
        refId: key,
        alias: seriesName(description),
        query: inSteps({ ...from, select: `${meanOf(description)}(${field})` }, 'null'),
      }),
    )
    .withTarget(
      influxQuery({
        refId: uncertain,
        alias: seriesName(description, 'uncertain'),
        query: inSteps({ ...from, select: `last(${field})`, where: ofQuality(1) }, 'none'),
      }),
    )
    .withTarget(
      influxQuery({
        refId: bad,
        alias: seriesName(description, 'bad'),
        query: inSteps({ ...from, select: `max(${quality})`, where: ofQuality(2) }, 'none'),
      }),
    )
    .overrideByQuery(key, factsOf(description))
    .overrideByQuery(uncertain, [...factsOf(description), ...points(colour.doubtful)])
    .overrideByQuery(bad, [
      { id: 'unit', value: 'none' },
      { id: 'mappings', value: qualityMappings },
      // Puts 2, which stands for bad, near the bottom, whatever the values are.
      { id: 'min', value: 1 },
      { id: 'max', value: 21 },
      { id: 'custom.axisPlacement', value: AxisPlacement.Hidden },
      ...points(colour.bad),
    ]);
}

/** A mean of directions, counts or meter readings is none of them. */
function meanOf({ type, kind, quantity }: ChannelDescription): 'mean' | 'last' {
  return type === 'number' && kind === 'measurement' && quantity !== 'direction' ? 'mean' : 'last';
}

function factsOf({ resolution, range }: ChannelDescription): DynamicConfigValue[] {
  const facts: DynamicConfigValue[] = [];
  if (resolution !== undefined) facts.push({ id: 'decimals', value: decimalsOf(resolution) });
  if (range) {
    facts.push({ id: 'thresholds', value: rangeThresholds(range) });
    // Of the channels that have this style Grafana draws the limits of the first: one without limits must not have it.
    facts.push({ id: 'custom.thresholdsStyle', value: { mode: GraphThresholdsStyleMode.Dashed } });
  }
  return facts;
}

/** What the sensor can measure, and what lies beyond. */
function rangeThresholds([from, to]: readonly [number, number]): unknown {
  const steps: Threshold[] = [
    { value: null, color: colour.bad },
    { value: from, color: 'transparent' },
    { value: to, color: colour.bad },
  ];
  return new ThresholdsConfigBuilder().mode(ThresholdsMode.Absolute).steps(steps).build();
}

function points(fixedColor: string): DynamicConfigValue[] {
  return [
    { id: 'color', value: { mode: FieldColorModeId.Fixed, fixedColor } },
    { id: 'custom.drawStyle', value: GraphDrawStyle.Points },
    { id: 'custom.pointSize', value: 6 },
    { id: 'custom.hideFrom', value: { legend: true, tooltip: false, viz: false } },
  ];
}

function legend(): VizLegendOptionsBuilder {
  return new VizLegendOptionsBuilder()
    .displayMode(LegendDisplayMode.Table)
    .placement(LegendPlacement.Right)
    .showLegend(true)
    .calcs(['lastNotNull', 'min', 'max']);
}

function titleOf({ quantity, unit, channels }: QuantityGroup): string {
  const [first] = channels;
  if (quantity !== undefined)
    return plainText(unit === undefined ? inWords(quantity) : `${inWords(quantity)} (${unit})`);
  if (unit !== undefined) return plainText(`In ${unit}`);
  return plainText(first ? (first.description.label ?? first.description.id) : '');
}

/** One of Grafana's own ids, else the symbol behind the number. */
export function grafanaUnit(unit: string | undefined): string {
  if (unit === undefined) return 'none';
  return units.get(unit)?.grafana ?? `suffix: ${unit}`;
}

const MOST_DECIMALS = 10;

/** As many decimals as the smallest step that means something has: 3 for 0.001, 2 for 0.25. */
export function decimalsOf(resolution: number): number {
  for (let decimals = 0; decimals < MOST_DECIMALS; decimals++) {
    const scaled = resolution * 10 ** decimals;
    if (Math.round(scaled) > 0 && Math.abs(scaled - Math.round(scaled)) < 1e-6 * scaled) return decimals;
  }
  return MOST_DECIMALS;
}
