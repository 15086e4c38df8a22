import { LabwireError } from '../../base/index.ts';

/** How a serial line is set. */
export interface SerialSettings {
  /** Bits per second; default 9600. */
  readonly baudRate?: number;
  /** Default 8. */
  readonly dataBits?: 5 | 6 | 7 | 8;
  /** Default none. Mark and space: on Windows and over RFC 2217 only. */
  readonly parity?: 'none' | 'even' | 'odd' | 'mark' | 'space';
  /** Default 1. One and a half: on Windows and over RFC 2217 only. */
  readonly stopBits?: 1 | 1.5 | 2;
  /** Hardware flow control; default off. */
  readonly rtscts?: boolean;
  /** Software flow control of what is sent; default off. */
  readonly xon?: boolean;
  /** Software flow control of what is received; default as `xon`. */
  readonly xoff?: boolean;
  /** Drop DTR when the port is closed, which resets an Arduino at the next opening; default off. */
  readonly hupcl?: boolean;
  /**
   * The level of DTR after the opening; default as the system sets it (Linux and macOS raise it, Windows does where `hupcl`
   * is on). The binding sets DTR and RTS at once: where only one of them is said, or a break is sent, the other is raised.
   */
  readonly dtr?: boolean;
  /** The level of RTS after the opening; default as the system sets it. Without effect under `rtscts`. */
  readonly rts?: boolean;
  /** A break of so many ms after each opening, which wakes some instruments; default none. */
  readonly breakMs?: number;
  /** Nobody else who asks for a lock too may open it meanwhile (flock(2); always so on Windows); default on. */
  readonly lock?: boolean;
  /** The adapter gives back what is sent, as a two-wire RS-485 adapter may: it is for who reads, a transport leaves it. */
  readonly echo?: boolean;
}

/**
 * What serialport cannot set on this system, before it is tried: the binding's own words for it (`Invalid parity setting
 * 3`) help nobody.
 */
export function refusedSetting(
  path: string,
  settings: SerialSettings,
  platform: NodeJS.Platform = process.platform,
): LabwireError | undefined {
  if (platform === 'win32') return undefined;
  const { parity, stopBits } = settings;
  const refuse = (what: string, possible: string): LabwireError =>
    new LabwireError(
      'PORT_FAILED',
      `${path} cannot have ${what} on this system, only ${possible}: set the instrument to one of these, or put it behind a terminal server that can, with \`rfc2217:\``,
    );
  if (parity === 'mark' || parity === 'space') return refuse(`parity ${parity}`, 'none, even and odd');
  if (stopBits === 1.5) return refuse('1.5 stop bits', '1 and 2');
  return undefined;
}
