import type { FastifyInstance } from 'fastify';
import type { Metric } from './metrics.ts';

/** Counts what a server answers, by status. */
export class RequestCounts {
  readonly #counts = new Map<number, number>();

  observe(app: FastifyInstance): void {
    app.addHook('onResponse', async (_request, { statusCode }) => {
      this.#counts.set(statusCode, (this.#counts.get(statusCode) ?? 0) + 1);
    });
  }

  metrics(): Metric[] {
    const samples = [...this.#counts].map(([code, value]) => ({ labels: { code: String(code) }, value }));
    return [{ name: 'labwire_http_requests_total', type: 'counter', help: 'Answered requests, by status.', samples }];
  }
}
