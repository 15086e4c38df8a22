import type { Metric } from '../metrics.ts';
import type { PortsView } from '../ports-view.ts';

/** What `/healthz` answers: status 200 when `ok`, else 503. */
export interface Health {
  readonly ok: boolean;
  readonly [detail: string]: unknown;
}

/** What the server shows beside the service; a part that is not given has no routes. */
export interface RouteViews {
  health(): Health;
  /** What `/metrics` shows. */
  metrics?(): Iterable<Metric>;
  /** Whose traffic is shown. */
  readonly ports?: PortsView;
}
