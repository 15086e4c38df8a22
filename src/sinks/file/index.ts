export { type FileSinkOptions, fileSink } from './file-sink.ts';
export { csvCell } from './text-format.ts';
