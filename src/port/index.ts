export { Bus, type BusOptions } from './bus.ts';
export type { Connection, ConnectionEvents, Transport } from './connection.ts';
export { listPorts, type PortInfo } from './discovery.ts';
export { type EmulatedTransport, emulatedTransport } from './emulated-transport.ts';
export type { EmulatedInstrument, EmulatedLine, Emulator, EmulatorOptions } from './emulator.ts';
export type { DropListener, Frame, Framer, Framing } from './framing.ts';
export { type LineOptions, lines } from './line-framing.ts';
export type {
  FramesOptions,
  Link,
  LinkOptions,
  LinkTiming,
  QueryOptions,
  SendOptions,
} from './link.ts';
export { type MemoryLine, type MemoryLineOptions, memoryLine } from './memory-transport.ts';
export { type PacketOptions, packets } from './packet-framing.ts';
export { Port, type PortCounters, type PortOptions } from './port.ts';
export type { PortState } from './port-state.ts';
export { Pty, type PtyOptions } from './pty.ts';
export type { SerialSettings } from './serial-settings.ts';
export { type SerialTransportOptions, serialTransport } from './serial-transport.ts';
export { type EmulatorAddress, type ServedEmulator, serveEmulator } from './serve-emulator.ts';
export { tcpTransport } from './tcp-transport.ts';
export type { Traffic, TrafficEntry, TrafficKind } from './traffic.ts';
