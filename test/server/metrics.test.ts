import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HttpServer, type Metric } from '../../src/server/index.ts';
import { metricsText } from '../../src/server/metrics.ts';
import { readExposition } from './exposition.ts';

const sinks: Metric = {
  name: 'labwire_sink_lag_samples',
  type: 'gauge',
  help: 'Records that are not delivered yet.',
  samples: [
    { labels: { sink: 'mqtt' }, value: 3 },
    { labels: { sink: 'influx' }, value: 0.5 },
  ],
};

describe('/metrics', () => {
  it('is Prometheus text', () => {
    expect(metricsText([sinks, { ...sinks, name: 'empty', samples: [] }])).toBe(
      '# HELP labwire_sink_lag_samples Records that are not delivered yet.\n' +
        '# TYPE labwire_sink_lag_samples gauge\n' +
        'labwire_sink_lag_samples{sink="mqtt"} 3\n' +
        'labwire_sink_lag_samples{sink="influx"} 0.5\n',
    );
  });

  it('says the same to a strict reader, whatever labels, numbers and help hold', () => {
    const label = fc.oneof(fc.string(), fc.constantFrom('\\', '"', '\n', '\\n', '{}', ',', 'a="b"'));
    fc.assert(
      fc.property(fc.array(fc.tuple(label, fc.double()), { minLength: 1 }), fc.string(), (samples, help) => {
        const metric: Metric = {
          ...{ name: 'x', type: 'gauge', help: `A ${help}.` },
          samples: samples.map(([a, value], i) => ({ labels: { a, i: String(i) }, value })),
        };
        const read = readExposition(metricsText([metric])).get('x');
        expect(read?.samples).toEqual(metric.samples.map(({ labels, value }) => ({ labels, value: value + 0 })));
      }),
    );
  });

  it('is a page of a server that has any, and of no other', async () => {
    const health = (): { ok: boolean } => ({ ok: true });
    for (const [server, status] of [
      [new HttpServer({ health, metrics: () => [sinks] }), 200],
      [new HttpServer({ health }), 404],
    ] as const) {
      await server.start({ host: '127.0.0.1', port: 0 });
      const response = await fetch(`${server.address}/metrics`);
      expect(response.status).toBe(status);
      if (status === 200) {
        expect(response.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
        expect(readExposition(await response.text()).size).toBe(1);
        expect((await fetch(`${server.address}/metrics`, { method: 'POST' })).status).toBe(405);
      }
      await server.stop();
    }
  });
});
