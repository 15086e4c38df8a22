import { InvalidArgumentError } from 'commander';
import { parseDuration, parseTime, TIME_FORM } from '../base/index.ts';

/** The configuration where none is named. */
export const DEFAULT_CONFIG = 'labwire.yaml';

export const logLevels = ['debug', 'info', 'warn', 'error', 'fatal'] as const;
export type LogLevel = (typeof logLevels)[number];

/** A whole number of decimal digits. @throws InvalidArgumentError */
export function wholeNumber(least: number, most: number): (text: string) => number {
  return (text) => {
    const number = Number(text);
    if (/^\d+$/.test(text) && number >= least && number <= most) return number;
    throw new InvalidArgumentError(`It must be a whole number from ${least} to ${most}.`);
  };
}

/** A number without an exponent. @throws InvalidArgumentError */
export function decimalNumber(least: number, most: number): (text: string) => number {
  return (text) => {
    const number = Number(text);
    if (/^\d*\.?\d+$/.test(text) && number >= least && number <= most) return number;
    throw new InvalidArgumentError(`It must be a number from ${least} to ${most}.`);
  };
}

/** @throws InvalidArgumentError */
export function oneOf(...numbers: number[]): (text: string) => number {
  return (text) => {
    const number = Number(text);
    if (numbers.includes(number)) return number;
    throw new InvalidArgumentError(`It must be one of ${numbers.join(', ')}.`);
  };
}

const DAY_S = 86_400;

/** A duration in seconds. @throws InvalidArgumentError */
export function upToADay(text: string): number {
  const seconds = parseDuration(text);
  if (seconds !== undefined && seconds > 0 && seconds <= DAY_S) return seconds;
  throw new InvalidArgumentError('It must be a duration such as 90s or 5min, of a day at most.');
}

/** A time, see `parseTime`, in whole µs since the Unix epoch. @throws InvalidArgumentError */
export function time(text: string): number {
  const microseconds = parseTime(text);
  if (microseconds === undefined) throw new InvalidArgumentError(`It ${TIME_FORM}.`);
  return microseconds;
}

/** Where a gateway is. @throws InvalidArgumentError */
export function gatewayAddress(text: string): string {
  if (URL.canParse(text) && ['http:', 'https:', 'ws:', 'wss:'].includes(new URL(text).protocol)) return text;
  throw new InvalidArgumentError('It must be a URL such as http://127.0.0.1:8001.');
}

/** What may begin with `-` only as a number. @throws InvalidArgumentError */
export function notAnOption(text: string): string {
  if (!text.startsWith('-') || /^-[\d.]/.test(text)) return text;
  throw new InvalidArgumentError('That is no option here, and a value that begins with - is a number.');
}
