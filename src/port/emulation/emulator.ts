/** The instrument's end of its line. */
export interface EmulatedLine {
  /** Sends to the gateway. A string is sent as one byte for each character (latin1). */
  send(bytes: Uint8Array | string): void;
  /** Sets the listener for what the gateway sends; the bytes are valid only during the call. */
  onReceive(listener: (bytes: Buffer) => void): void;
}

/** An instrument made of software. */
export interface EmulatedInstrument {
  /** Power on: the instrument may talk from now on. */
  connect(line: EmulatedLine): void;
  /** Power off: it neither talks nor keeps a timer. */
  disconnect(): void;
}

export interface EmulatorOptions {
  /** The address that it listens to, where several instruments share a line; default that of the model. */
  readonly address?: number | string;
}

/** Makes one emulated instrument, as it comes out of its box. */
export type Emulator = (options?: EmulatorOptions) => EmulatedInstrument;
