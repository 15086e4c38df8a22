import type { Emulator, EmulatorOptions } from '../src/index.ts';
import { LakeShore218Emulator } from './lakeshore-218.ts';
import { LineEmulator } from './line.ts';
import { RegisterBankEmulator, Sdm120Emulator, XyMd02Emulator } from './modbus-sensors.ts';
import { Nmea0183Emulator } from './nmea0183.ts';

export {
  type EmulatedInstrument,
  type EmulatedLine,
  type Emulator,
  FakeClock,
  Pty,
  type ServedEmulator,
  serveEmulator,
} from '../src/index.ts';
export {
  type DropOptions,
  type DuplicateOptions,
  delay,
  drop,
  duplicate,
  echo,
  type Fault,
  type FaultContext,
  type FlipOptions,
  flip,
  late,
  type NoiseOptions,
  noise,
  type Piece,
  previous,
  type SplitOptions,
  split,
} from './faults.ts';
export { FaultyInstrument, type FaultyOptions, type RebootOptions } from './faulty-instrument.ts';
export type { FaultyWay, StandingOptions } from './faulty-way.ts';
export { type EmulatedInput, LakeShore218Emulator, type LakeShore218EmulatorOptions } from './lakeshore-218.ts';
export { LineEmulator, type LineEmulatorOptions } from './line.ts';
export { ModbusEmulator, type ModbusEmulatorOptions } from './modbus.ts';
export { RegisterBankEmulator, Sdm120Emulator, XyMd02Emulator } from './modbus-sensors.ts';
export { Nmea0183Emulator, type Nmea0183EmulatorOptions, sentence } from './nmea0183.ts';
export { type PlayOptions, playLog, type RecordedLine, recordedLines } from './play-log.ts';
export { type CableOptions, Plug, type ReplugOptions } from './plug.ts';
export { Talker, type TalkerOptions } from './talker.ts';
export { type TranscriptEmulatorOptions, type TranscriptInstrument, transcriptEmulator } from './transcript.ts';
export { type AdapterFacts, type UsbAdapter, usbAdapters } from './usb-adapters.ts';
export { type PlugOptions, UsbTree, type UsbTreeOptions } from './usb-tree.ts';

/** A room whose air slowly changes, as the demo's board prints it. */
function roomAir(): string {
  const swing = Math.sin((Date.now() / 60_000) * 2 * Math.PI);
  return JSON.stringify({ t: Number((21.5 + 0.4 * swing).toFixed(2)), rh: Number((40 - 2 * swing).toFixed(1)) });
}

/** An emulated instrument for each model of labwire's catalogue, alive enough to be looked at. */
export const emulators: Readonly<Record<string, Emulator>> = {
  'lakeshore-218': () => new LakeShore218Emulator({ drift: 0.05 }),
  nmea0183: () => new Nmea0183Emulator(),
  line: () => new LineEmulator({ text: roomAir }),
  modbus: (options) => new RegisterBankEmulator(modbusAddress(options)),
  'eastron-sdm120': (options) => new Sdm120Emulator({ ...modbusAddress(options), delayMs: 50 }),
  'xy-md02': (options) => new XyMd02Emulator({ ...modbusAddress(options), delayMs: 15 }),
};

/** Where a model leaves its channels to the site: the section, named as the model, that fits its emulator. */
export const emulatedSections: Readonly<Record<string, unknown>> = {
  line: { format: 'json', channels: { t: { unit: '°C' }, rh: { unit: '%' } } },
  modbus: { channels: { value: { input: 100 } } },
};

function modbusAddress({ address }: EmulatorOptions = {}): { address?: number } {
  return typeof address === 'number' ? { address } : {};
}
