import { type ChannelDescription, units } from '../instrument/index.ts';
import { grouped } from './grouped.ts';
import { storedMeasurement } from './influxql.ts';
import type { ShownDevice } from './shown-device.ts';

/** A channel of one or more devices of a measurement, as it is with all of them. */
export interface ShownChannel {
  readonly description: ChannelDescription;
  /** Tells it from the other channels of its measurement. */
  readonly key: string;
  readonly devices: readonly ShownDevice[];
  /** Whether another device of the measurement has this id for something else: then only these devices are asked. */
  readonly ambiguous: boolean;
}

/** Numbers of one quantity in one unit: a panel. */
export interface QuantityGroup {
  readonly key: string;
  readonly quantity: string | undefined;
  readonly unit: string | undefined;
  /** By their keys. */
  readonly channels: readonly ShownChannel[];
}

/** What all devices of one measurement show. */
export interface MeasurementGroup {
  readonly measurement: string;
  readonly devices: readonly ShownDevice[];
  readonly quantities: readonly QuantityGroup[];
  /** Words, switches and the like: a panel each. */
  readonly states: readonly ShownChannel[];
}

/** Devices by the measurement that they write: one dashboard serves all of them. */
export function measurementGroups(devices: readonly ShownDevice[]): MeasurementGroup[] {
  const all = devices.filter(({ description }) => description.channels.size > 0);
  const byMeasurement = grouped(all, ({ description }) => storedMeasurement(description.measurement));
  return byMeasurement.map(([measurement, own]) => {
    const channels = shownChannels(own);
    const numbers = channels.filter(({ description }) => isNumber(description));
    return {
      measurement,
      devices: own,
      quantities: quantityGroups(numbers),
      states: channels.filter(({ description }) => !isNumber(description)),
    };
  });
}

function isNumber({ type }: ChannelDescription): boolean {
  return type === 'number' || type === 'integer';
}

function shownChannels(devices: readonly ShownDevice[]): ShownChannel[] {
  const all = devices.flatMap((device) =>
    [...device.description.channels.values()].map((description) => ({
      device,
      description,
      facts: facts(description),
    })),
  );
  return grouped(all, ({ description }) => description.id).flatMap(([id, same]) => {
    const variants = grouped(same, (channel) => channel.facts);
    return variants.flatMap(([, alike], index) =>
      alike.slice(0, 1).map(({ description }) => ({
        description,
        key: index === 0 ? id : `${id}-${index + 1}`,
        devices: alike.map(({ device }) => device),
        ambiguous: variants.length > 1,
      })),
    );
  });
}

/** What makes a channel another one to a dashboard. */
function facts({ type, kind, unit, quantity, range, resolution, options, label }: ChannelDescription): string {
  return JSON.stringify([type, kind, unit, quantity, range, resolution, options, label]);
}

function quantityGroups(channels: readonly ShownChannel[]): QuantityGroup[] {
  return grouped(channels, quantityKey).map(([key, own]) => {
    const unit = own[0]?.description.unit;
    return { key, quantity: own[0] && quantityOf(own[0].description), unit, channels: own };
  });
}

/** Channels of which neither quantity nor unit is known have nothing in common. */
function quantityKey({ description, key }: ShownChannel): string {
  const quantity = quantityOf(description);
  if (quantity === undefined && description.unit === undefined) return `channel ${key}`;
  return `${quantity ?? 'in'} ${description.unit ?? ''}`.trim();
}

/** As it is said, else as the unit tells. */
function quantityOf({ quantity, unit }: ChannelDescription): string | undefined {
  if (quantity !== undefined) return quantity;
  return unit === undefined ? undefined : units.get(unit)?.homeAssistant?.deviceClass;
}
