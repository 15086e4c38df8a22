import { type PortConfiguration, tcpAddressOf } from '../config/index.ts';
import type { Model } from '../instrument/index.ts';
import {
  type Emulator,
  emulatedTransport,
  type LineOptions,
  type LinkTiming,
  type SerialSettings,
  serialTransport,
  type Transport,
  tcpTransport,
} from '../port/index.ts';
import { definedOnly } from './defined-only.ts';

/** In words, for logs and `info`. */
export function portName(port: PortConfiguration): string {
  if ('path' in port) return port.path;
  return 'tcp' in port ? `tcp://${port.tcp}` : 'emulated';
}

type SerialFacts = NonNullable<Model['serial']>;

/** The way to the instrument that a device's configuration names. */
export function transportTo(port: PortConfiguration, facts: SerialFacts, emulator: Emulator | undefined): Transport {
  const serial: SerialSettings = definedOnly(facts);
  if ('path' in port) return serialTransport(port.path, serial);
  if ('tcp' in port) {
    const { host, port: number } = tcpAddressOf(port.tcp);
    return tcpTransport(host, number);
  }
  if (emulator) return emulatedTransport(portName(port), emulator, serial);
  throw new TypeError('An emulated port needs an emulator');
}

type FramingFacts = NonNullable<Model['framing']>;

/** Without a word in catalogue or configuration, lines end as nearly all of them do. */
export function lineOptions(framing: FramingFacts['lines'] | undefined): LineOptions {
  if (framing === undefined) return { send: '\r\n' };
  if (typeof framing === 'string') return { receive: framing, send: framing };
  const { receive, send, maxLength } = framing;
  return {
    send: send ?? (typeof receive === 'string' ? receive : '\r\n'),
    ...(receive !== undefined && { receive }),
    ...(maxLength !== undefined && { maxLength }),
  };
}

type TimingFacts = NonNullable<Model['timing']>;

/** Limits and spacing of a link; the catalogue has seconds. */
export function linkTiming({ spacing, firstByte, reply, retries }: TimingFacts): LinkTiming {
  const milliseconds = (seconds: number | undefined): number | undefined => seconds && seconds * 1000;
  return definedOnly({
    spacingMs: milliseconds(spacing),
    firstByteMs: milliseconds(firstByte),
    replyMs: milliseconds(reply),
    retries,
  });
}
