export type { Connection, ConnectionEvents, Transport } from './connection.ts';
export { type ListPortsOptions, listPorts } from './discovery/discovery.ts';
export { describePort, type PortInfo, usbId, whatIsIt } from './discovery/port-info.ts';
export { type PortsChange, type WatchPortsOptions, watchPorts } from './discovery/port-watch.ts';
export { describeMatch, matchPort, type PortMatch } from './discovery/usb-match.ts';
export { usbTransport } from './discovery/usb-transport.ts';
export { type EmulatedTransport, emulatedTransport } from './emulation/emulated-transport.ts';
export type { EmulatedInstrument, EmulatedLine, Emulator, EmulatorOptions } from './emulation/emulator.ts';
export { type MemoryLine, type MemoryLineOptions, memoryLine } from './emulation/memory-transport.ts';
export { Pty, type PtyOptions } from './emulation/pty.ts';
export { type EmulatorAddress, type ServedEmulator, serveEmulator } from './emulation/serve-emulator.ts';
export type { DropListener, Frame, Framer, Framing } from './framing/framing.ts';
export { type LineOptions, lines } from './framing/line-framing.ts';
export { type PacketOptions, packets } from './framing/packet-framing.ts';
export { Bus, type BusOptions } from './link/bus.ts';
export type {
  FramesOptions,
  Link,
  LinkOptions,
  LinkTiming,
  QueryOptions,
  SendOptions,
} from './link/link.ts';
export type { LinkCounters } from './link/station.ts';
export { Port, type PortCounters, type PortOptions } from './port.ts';
export type { PortState } from './port-state.ts';
export { Traffic, type TrafficEntry, type TrafficKind } from './traffic/traffic.ts';
export {
  type LineSettings,
  readTranscript,
  type Transcript,
  type TranscriptEntry,
  type TranscriptHeading,
  transcriptHeading,
  transcriptLine,
} from './traffic/transcript.ts';
export { rfc2217Transport } from './transport/rfc2217-transport.ts';
export type { SerialSettings } from './transport/serial-settings.ts';
export { type SerialTransportOptions, serialTransport } from './transport/serial-transport.ts';
export { type SocketOptions, tcpTransport, unixTransport } from './transport/socket-transport.ts';
