export type { Sink, SinkStatus, StateEntry, StateSource } from './sink.ts';
