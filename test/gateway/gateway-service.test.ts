import { expect, test } from 'vitest';
import { GatewayService } from '../../src/gateway/gateway-service.ts';
import { walk } from '../../src/service/index.ts';
import type { SinkStatus } from '../../src/sinks/index.ts';

const status = (more: Partial<SinkStatus> = {}): SinkStatus => ({
  connected: true,
  lag: 3,
  lagSeconds: 0.5,
  rate: 12.5,
  delivered: 100,
  retries: 1,
  dropped: 2,
  deadLetters: { count: 0, last: [] },
  lastError: null,
  ...more,
});

const shown = (root: GatewayService): Record<string, unknown> =>
  Object.fromEntries(
    walk(root).flatMap(({ path, node }) => ('value' in node ? [[path, (node as { value: unknown }).value]] : [])),
  );

test('each sink is a service under its name, with what it says of itself, as long as it is there', () => {
  const root = new GatewayService();
  root.tellSink('broker', status());
  root.tellSink('tell', status({ connected: false, lastError: 'nobody there' }));
  root.tellSink('broker', status({ lag: 0 }));
  expect(shown(root)).toMatchObject({
    'sinks.broker.connected': true,
    'sinks.broker.lag': 0,
    'sinks.broker.lagSeconds': 0.5,
    'sinks.broker.rate': 12.5,
    'sinks.broker.delivered': 100,
    'sinks.broker.retries': 1,
    'sinks.broker.dropped': 2,
    'sinks.broker.lastError': null,
    'sinks.tell.connected': false,
    'sinks.tell.lastError': 'nobody there',
  });
  root.tellSink('broker', undefined);
  root.tellSink('broker', undefined);
  expect(Object.keys(shown(root)).filter((path) => path.startsWith('sinks.broker'))).toEqual([]);
  root.tellSink('broker', status());
  expect(shown(root)).toMatchObject({ 'sinks.broker.lag': 3 });
});
