import { type Clock, systemClock } from '../src/index.ts';

export interface PlayOptions {
  /** How many times faster than it was recorded; default 1. */
  readonly speed?: number;
  readonly signal?: AbortSignal;
  readonly clock?: Clock;
}

/** The time of day in the sentences that begin or end a burst; that of ZDA is not always in step with them. */
const TIME = /^\$..(?:(?:GGA|RMC),|GLL,[^,]*,[^,]*,[^,]*,[^,]*,)(\d\d)(\d\d)(\d\d(?:\.\d+)?)/;
const DAY_S = 86_400;
/** A pause in a recording that is longer is shortened to this, in s. */
const LONGEST_PAUSE_S = 5;

/** One line of a recording and how long after the line before it it came, in s. */
export interface RecordedLine {
  readonly text: string;
  readonly pause: number;
}

/**
 * The sentences of a recorded NMEA 0183 log with their pace, which is that of the times within them. Lines that begin
 * with `#` are the log's heading. Where its time goes backwards there is no pause.
 */
export function recordedLines(log: string): RecordedLine[] {
  const lines: RecordedLine[] = [];
  let last: number | undefined;
  for (const text of log.split(/\r?\n/)) {
    if (text === '' || text.startsWith('#')) continue;
    const [, hours, minutes, seconds] = TIME.exec(text) ?? [];
    let pause = 0;
    if (seconds !== undefined) {
      const time = Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds);
      const passed = last === undefined ? 0 : (time - last + DAY_S) % DAY_S;
      if (passed < DAY_S / 2) pause = Math.min(passed, LONGEST_PAUSE_S);
      last = time;
    }
    lines.push({ text, pause });
  }
  return lines;
}

/**
 * Plays a recorded NMEA 0183 log to a line at its pace, each sentence with CR and LF. Ends early, without an error, when
 * the signal is aborted.
 *
 * @param log one character for each byte (latin1)
 * @returns how many lines were sent
 */
export async function playLog(
  log: string,
  send: (line: string) => void,
  { speed = 1, signal, clock = systemClock }: PlayOptions = {},
): Promise<number> {
  const begin = clock.monotonic();
  let dueS = 0;
  let sent = 0;
  for (const { text, pause } of recordedLines(log)) {
    dueS += pause / speed;
    const rest = begin + dueS * 1000 - clock.monotonic();
    if (rest > 0) await wait(clock, rest, signal);
    if (signal?.aborted) break;
    send(`${text}\r\n`);
    sent++;
  }
  return sent;
}

function wait(clock: Clock, milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      timer.cancel();
      signal?.removeEventListener('abort', end);
      resolve();
    };
    const timer = clock.setTimer(end, milliseconds);
    signal?.addEventListener('abort', end, { once: true });
    if (signal?.aborted) end();
  });
}
