/** How a serial line is set. */
export interface SerialSettings {
  /** Bits per second; default 9600. */
  readonly baudRate?: number;
  /** Default 8. */
  readonly dataBits?: 5 | 6 | 7 | 8;
  /** Default none. */
  readonly parity?: 'none' | 'even' | 'odd' | 'mark' | 'space';
  /** Default 1. */
  readonly stopBits?: 1 | 1.5 | 2;
  /** Hardware flow control; default off. */
  readonly rtscts?: boolean;
  /** Software flow control of what is sent; default off. */
  readonly xon?: boolean;
  /** Software flow control of what is received; default as `xon`. */
  readonly xoff?: boolean;
  /** Drop DTR when the port is closed, which resets an Arduino; default off. */
  readonly hupcl?: boolean;
}
