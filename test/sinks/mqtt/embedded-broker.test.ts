import { createServer } from 'node:net';
import mqtt, { type MqttClient } from 'mqtt';
import { afterEach, describe, expect, test } from 'vitest';
import { silentLogger } from '../../../src/base/index.ts';
import { mqttSink, startEmbeddedBroker } from '../../../src/sinks/index.ts';
import { LogLines, realParts, sample, until } from '../parts.ts';

const ends: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

async function broker(): Promise<string> {
  const started = await startEmbeddedBroker(silentLogger, { port: 0 });
  ends.push(() => started.stop());
  return started.url;
}

async function listen(url: string): Promise<{ client: MqttClient; messages: string[] }> {
  const client = await mqtt.connectAsync(url);
  ends.push(async () => client.end(true));
  const messages: string[] = [];
  client.on('message', (topic, payload, { retain }) =>
    messages.push(`${topic} ${payload}${retain ? ' retained' : ''}`),
  );
  await client.subscribeAsync('#', { qos: 1 });
  return { client, messages };
}

describe('the embedded broker', () => {
  test('takes the sink, which falls back to MQTT 3.1.1, and keeps what is retained', async () => {
    const url = await broker();
    const parts = realParts();
    const sink = mqttSink({ name: 'mqtt', url, gateway: 'lab_a' }, parts);
    ends.push(() => sink.stop(500));
    sink.start();
    await until(() => sink.status.connected);
    parts.journal.append(sample({ t1: 1 }));
    await until(() => sink.status.lag === 0);
    const { messages } = await listen(url);
    await until(() => messages.length === 2);
    expect(messages.sort()).toEqual([
      expect.stringMatching(/^labwire\/lab_a\/cryostat\/channels\/t1 .* retained$/),
      'labwire/lab_a/status online retained',
    ]);
    expect(parts.log.lines).toEqual([`info Connected to the broker at ${url}, MQTT 3.1.1`]);
  });

  test('publishes the last will of a client that breaks off', async () => {
    const url = await broker();
    const { messages } = await listen(url);
    const client = await mqtt.connectAsync(url, {
      will: { topic: 'x/status', payload: Buffer.from('offline'), qos: 1, retain: true },
      reconnectPeriod: 0,
    });
    client.stream.destroy();
    await until(() => messages.length === 1);
    expect(messages).toEqual(['x/status offline']);
  });

  test('takes the next port when the first is in use, and says so', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    ends.push(() => new Promise((resolve) => server.close(resolve)));
    const address = server.address();
    const port = typeof address === 'object' && address ? address.port : 0;
    const log = new LogLines();
    const started = await startEmbeddedBroker(log, { port });
    ends.push(() => started.stop());
    expect(Number(new URL(started.url).port)).toBeGreaterThan(port);
    expect(log.lines).toEqual([expect.stringContaining(`Port ${port} is taken`)]);
  });

  test('a stop ends its connections, and may be called twice', async () => {
    const started = await startEmbeddedBroker(silentLogger, { port: 0 });
    const { client } = await listen(started.url);
    const closed = new Promise<void>((resolve) => client.once('close', () => resolve()));
    await Promise.all([started.stop(), started.stop()]);
    await closed;
  });
});
