import { parentPort, workerData } from 'node:worker_threads';
import { failureOf } from './file-failure.ts';
import { FileReader } from './file-reader.ts';
import { JournalFile } from './journal-file.ts';
import type { Answer, ReaderRequest, WriterRequest } from './messages.ts';

/** The thread in which a journal's file is written, or read: only here anything waits for the disk. */

type Handler = (request: WriterRequest | ReaderRequest) => unknown;

function writer(): Handler {
  let file: JournalFile | undefined;
  return (request) => {
    if (request.kind === 'open') {
      file = new JournalFile(request);
      return file.opened;
    }
    if (request.kind === 'commit') return file?.commit(request);
    if (request.kind === 'close') return file?.close(request);
    return undefined;
  };
}

function reader(path: string): Handler {
  let file: FileReader | undefined;
  return (request) => {
    file ??= new FileReader(path);
    if (request.kind === 'read') return file.read(request);
    if (request.kind === 'page') return file.page(request);
    if (request.kind === 'history') return file.history(request.query);
    if (request.kind === 'events') return file.events(request.query);
    return request.kind === 'devices' ? file.devices() : file.close();
  };
}

const { role, path } = workerData as { role: 'writer' | 'reader'; path: string };
const handle = role === 'writer' ? writer() : reader(path);

parentPort?.on('message', ({ id, request }: { id: number; request: WriterRequest | ReaderRequest }) => {
  let answer: Answer;
  try {
    answer = { id, result: handle(request) };
  } catch (error) {
    answer = { id, failure: failureOf(error) };
  }
  parentPort?.postMessage(answer);
});
