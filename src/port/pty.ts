import { LabwireError } from '../base/index.ts';

export interface PtyOptions {
  /** Path of a symbolic link to the slave, made atomically and removed by `close()`. */
  readonly link?: string;
}

export class Pty {
  readonly path: string = '';
  static available(): boolean {
    return false;
  }
  static open(_options: PtyOptions = {}): Pty {
    throw new LabwireError('PTY_UNAVAILABLE', 'This system gives no pseudo-terminal');
  }
  get dropped(): number {
    return 0;
  }
  onData(_listener: (bytes: Buffer) => void): void {}
  write(_bytes: Uint8Array): void {}
  close(): void {}
}
