export { type FileSinkOptions, fileSink } from './file-sink.ts';
