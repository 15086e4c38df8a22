export { Bus, type BusOptions } from './bus.ts';
export type { Connection, ConnectionEvents, Transport } from './connection.ts';
export { type ListPortsOptions, listPorts } from './discovery.ts';
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
export { describePort, type PortInfo, usbId, whatIsIt } from './port-info.ts';
export type { PortState } from './port-state.ts';
export { type PortsChange, type WatchPortsOptions, watchPorts } from './port-watch.ts';
export { Pty, type PtyOptions } from './pty.ts';
export { rfc2217Transport } from './rfc2217-transport.ts';
export type { SerialSettings } from './serial-settings.ts';
export { type SerialTransportOptions, serialTransport } from './serial-transport.ts';
export { type EmulatorAddress, type ServedEmulator, serveEmulator } from './serve-emulator.ts';
export { type SocketOptions, tcpTransport, unixTransport } from './socket-transport.ts';
export type { LinkCounters } from './station.ts';
export { Traffic, type TrafficEntry, type TrafficKind } from './traffic.ts';
export {
  type LineSettings,
  readTranscript,
  type Transcript,
  type TranscriptEntry,
  type TranscriptHeading,
  transcriptHeading,
  transcriptLine,
} from './transcript.ts';
export { describeMatch, matchPort, type PortMatch } from './usb-match.ts';
export { usbTransport } from './usb-transport.ts';
