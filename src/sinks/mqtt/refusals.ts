import { codeOf, isoTime, type Logger } from '../../base/index.ts';
import type { JournalRecord } from '../../journal/index.ts';
import type { StatusBoard } from '../sink-status.ts';

export interface RefusalsParts {
  readonly board: StatusBoard;
  readonly log: Logger;
  /** The broker takes no more for now: the connection is to be closed, and tried again later. */
  readonly overloaded: (error: Error) => void;
}

/** The reason by which a broker says that it would take the message later. */
const QUOTA_EXCEEDED = 151;

/** Tells what a broker refused for good from what was merely under way when the connection went. */
export class Refusals {
  readonly #parts: RefusalsParts;
  /** That was logged last: each is logged once. */
  #said: string | undefined;

  constructor(parts: RefusalsParts) {
    this.#parts = parts;
  }

  /** A message of a record failed. @returns whether it is done with: the broker will never take it */
  ofRecord(error: Error, record: JournalRecord): boolean {
    if (!isRefusal(error)) {
      // What the connection took with it becomes backlog.
      if (brokerCode(error) === QUOTA_EXCEEDED) this.#parts.overloaded(error);
      return false;
    }
    this.#parts.board.refuse(1, error.message, [recordName(record)]);
    this.ofMessage(error);
    return true;
  }

  /** A message of state failed. It is not counted: what tells of the count would be refused too, and so never end. */
  ofMessage(error: Error): void {
    if (!isRefusal(error) || this.#said === error.message) return;
    this.#said = error.message;
    this.#parts.log.error({ err: error }, `The broker refused a message: ${error.message}; check what it permits`);
  }
}

/** A number: the reason that the broker gave. */
function brokerCode(error: Error): unknown {
  return 'code' in error ? error.code : undefined;
}

/** Everything else is said by the client, of messages that the connection took with it. */
function isRefusal(error: Error): boolean {
  const code = brokerCode(error);
  return (typeof code === 'number' && code !== QUOTA_EXCEEDED) || codeOf(error) === 'SINK_REFUSED';
}

function recordName(record: JournalRecord): string {
  if (record.kind === 'event') return `event ${record.code} of ${isoTime(record.time)}`;
  return `${record.kind} of ${record.source.device}, ${isoTime(record.time)}`;
}
