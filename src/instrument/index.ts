export { canonicalUnit, type Unit, units } from '../base/index.ts';
export { Catalogue, type Model, type ModelInput, modelChannels, modelSchema, parseModel } from './catalogue.ts';
export { type ChannelOptions, channel, declaredChannels, type WritableChannel } from './channel.ts';
export { ChannelCore, type ChannelWriter } from './channel-core.ts';
export type { ChannelDescription, ChannelKind, ChannelType, DeviceDescription } from './description.ts';
export {
  attachInstrument,
  configureInstrument,
  type Exchange,
  type Identity,
  Instrument,
  type InstrumentClass,
  type InstrumentContext,
  instrumentReady,
  type RecordValues,
  recordValues,
} from './instrument.ts';
export { RecordedChannel, type RecordValue } from './recorded-channel.ts';
export {
  Bad,
  bad,
  type ChannelValue,
  quality,
  type Reason,
  type Sample,
  type Scalar,
  Uncertain,
  uncertain,
} from './sample.ts';
export type { ChannelFacts } from './schema-parts.ts';
export * as schemaParts from './schema-parts.ts';
