/** The public face of labwire: what a user's program, a driver and an emulator are written with. */
export { z } from 'zod';
export {
  type Clock,
  ConditionLost,
  type ConfigIssue,
  type ErrorCode,
  errorCodes,
  FakeClock,
  FrameError,
  LabwireError,
  type Logger,
  silentLogger,
  systemClock,
} from './base/index.ts';
export type { Configuration, ConfigurationInput } from './config/index.ts';
export { checkConfiguration, Gateway, type GatewayParts } from './gateway/index.ts';
export {
  bad,
  type ChannelDescription,
  type ChannelFacts,
  type ChannelValue,
  canonicalUnit,
  type DeviceDescription,
  Instrument,
  type InstrumentClass,
  type ModelInput,
  type Reason,
  type RecordValue,
  type RecordValues,
  type Sample,
  schemaParts,
  type Unit,
  uncertain,
  units,
} from './instrument/index.ts';
export {
  type EmulatedInstrument,
  type EmulatedLine,
  type Emulator,
  type EmulatorOptions,
  type Frame,
  type Framing,
  type Link,
  lines,
  type PacketOptions,
  type Port,
  Pty,
  packets,
  type ServedEmulator,
  serveEmulator,
} from './port/index.ts';
export { Server, type ServerOptions } from './server/index.ts';
export {
  type Change,
  type Command,
  command,
  DataService,
  observe,
  type Reading,
  reading,
  type ServiceList,
  type ServiceMap,
  type Setting,
  serviceList,
  serviceMap,
  setting,
} from './service/index.ts';
export {
  type Task,
  type TaskContext,
  type TaskOptions,
  type TaskState,
  type TaskStatus,
  task,
} from './task/index.ts';
