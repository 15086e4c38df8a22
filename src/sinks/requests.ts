/**
 * What a client may ask of the gateway through a sink, by access path, e.g. `cryostat.interval`. Declared here, given by
 * the gateway. Only exposed members can be reached. Each settles with what is told to the client, or rejects with
 * LabwireError MEMBER_UNKNOWN, VALUE_INVALID, VALUE_READ_ONLY, …, or with what a driver threw.
 */
export interface Requests {
  /** Sets a setting; resolves with the value that it has then. */
  set(path: string, value: unknown): Promise<unknown>;
  /** Sets a writable channel; resolves with the value that it has then. */
  setChannel(path: string, value: unknown): Promise<unknown>;
  /** Starts a task; resolves with its state then. */
  start(path: string): Promise<unknown>;
  /** Stops a task; resolves with its state when its body has ended. */
  stop(path: string): Promise<unknown>;
  /** Restarts a task; resolves with its state then. */
  restart(path: string): Promise<unknown>;
  /** Calls a command with one object of named arguments; resolves with its result. */
  call(path: string, named: unknown): Promise<unknown>;
}
