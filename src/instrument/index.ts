export type { ChannelDescription, ChannelKind, ChannelType, DeviceDescription } from './description.ts';
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
