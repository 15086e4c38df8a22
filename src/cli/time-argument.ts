import { InvalidArgumentError } from 'commander';
import { parseTime, TIME_FORM } from '../base/index.ts';

/** A time of the command line, see `parseTime`, in whole µs since the Unix epoch. @throws InvalidArgumentError */
export function timeArgument(text: string, nowMs = Date.now()): number {
  const time = parseTime(text, nowMs);
  if (time === undefined) throw new InvalidArgumentError(`It ${TIME_FORM}.`);
  return time;
}
