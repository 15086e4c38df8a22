/** By what a supervisor of the process sees that a gateway goes on, and what it can say of it in a few words. */
export interface Vitals {
  /** Devices of the configuration that run. */
  readonly devices: number;
  /** Those of them whose `status` is `online`. */
  readonly online: number;
  /** Rounds through all devices and sinks, each 10 s after the one before: a number that grows as long as the gateway turns. */
  readonly rounds: number;
  readonly journal: {
    /** `ok`, or `degraded`: its disk fails, which the gateway knows and lives with. */
    readonly state: 'ok' | 'degraded';
    /** The last sequence number given, and the last that is safe. */
    readonly head: number;
    readonly committed: number;
  };
}
