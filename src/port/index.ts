export type { Connection, ConnectionEvents, Transport } from './connection.ts';
export type { DropListener, Frame, Framer, Framing } from './framing.ts';
