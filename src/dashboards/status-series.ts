/** The state of devices and tasks has a point at each change, and one each 60 s: without one for longer nobody knows it. */
export const STATE_GAP_MS = 150_000;

/** Sinks have a point each 10 s. */
export const SINK_GAP_MS = 35_000;

/** A state that is older than this is not current, as InfluxQL writes it. */
export const CURRENT = '150s';
