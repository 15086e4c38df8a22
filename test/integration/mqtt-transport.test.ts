import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type MqttSinkOptions, mqttSink, type Sink } from '../../src/sinks/index.ts';
import { realParts, sample, type TestParts, until } from '../sinks/parts.ts';
import { type Certificates, makeCertificates } from './certificates.ts';
import { freePort, type MosquittoOptions, type Service, startMosquitto } from './services.ts';

let certificates: Certificates;
beforeAll(async () => {
  certificates = await makeCertificates();
});
afterAll(() => certificates.remove());

const ends: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

async function mosquitto(options: MosquittoOptions): Promise<Service> {
  const broker = await startMosquitto(options);
  ends.push(() => broker.stop());
  return broker;
}

function secured(more: readonly string[] = []): Promise<Service> {
  const { ca, server } = certificates;
  const listener = [`cafile ${ca}`, `certfile ${server.cert}`, `keyfile ${server.key}`, ...more];
  return mosquitto({ scheme: 'mqtts', listener });
}

function sinkTo(url: string, parts: TestParts, more: Partial<MqttSinkOptions> = {}): Sink {
  const sink = mqttSink({ name: 'broker', url, gateway: 'lab_a', ...more }, parts);
  sink.start();
  ends.push(() => sink.stop(500));
  return sink;
}

async function delivers(sink: Sink, parts: TestParts): Promise<void> {
  await until(() => sink.status.connected);
  for (let i = 0; i < 500; i++) parts.journal.append(sample({ t1: i, t2: i }));
  await until(() => sink.status.lag === 0);
  expect(sink.status).toMatchObject({ delivered: 500, retries: 0, dropped: 0 });
}

describe('the MQTT sink over TLS', () => {
  test('delivers to a broker whose certificate its authority has signed', async () => {
    const broker = await secured();
    const parts = realParts();
    await delivers(sinkTo(broker.url, parts, { ca: certificates.ca }), parts);
    expect(parts.log.lines).toEqual([`info Connected to the broker at ${broker.url}, MQTT 5`]);
  });

  test('shows its own certificate to a broker that asks for one', async () => {
    const broker = await secured(['require_certificate true']);
    const parts = realParts();
    await delivers(sinkTo(broker.url, parts, { ca: certificates.ca, ...certificates.client }), parts);
  });

  test('is refused by a broker that asks for a certificate which it does not have', async () => {
    const broker = await secured(['require_certificate true']);
    const sink = sinkTo(broker.url, realParts(), { ca: certificates.ca });
    await until(() => sink.status.retries >= 1);
    expect(sink.status.connected).toBe(false);
  });

  test('does not talk to a broker of an unknown authority, and says what to do', async () => {
    const broker = await secured();
    const parts = realParts();
    const sink = sinkTo(broker.url, parts);
    await until(() => sink.status.retries >= 1);
    expect(sink.status.lastError).toMatch(/certificate.*; name its authority by ca \(SINK_UNREACHABLE\)$/);
    expect(parts.log.lines).toHaveLength(1);
  });

  test('talks to anybody where it is told to, and says so each time', async () => {
    const broker = await secured();
    const parts = realParts();
    await delivers(sinkTo(broker.url, parts, { rejectUnauthorized: false }), parts);
    expect(parts.log.lines).toEqual([expect.stringContaining('its certificate is NOT checked')]);
  });

  test('a certificate that cannot be read is said, and read again at the next attempt', async () => {
    const broker = await secured();
    const parts = realParts();
    const sink = sinkTo(broker.url, parts, { ca: `${certificates.ca}.missing` });
    await until(() => sink.status.retries >= 1);
    expect(sink.status.lastError).toMatch(/ca\.crt\.missing cannot be read.*SINK_REFUSED/);
  });
});

/** With a second listener, without which Mosquitto 2.0.11 takes a WebSocket for none. */
async function overWebSocket(): Promise<Service> {
  const listener = ['protocol websockets', `listener ${await freePort()} 127.0.0.1`];
  return mosquitto({ scheme: 'ws', listener });
}

describe('the MQTT sink over WebSocket', () => {
  test('delivers', async () => {
    const broker = await overWebSocket();
    const parts = realParts();
    await delivers(sinkTo(broker.url, parts), parts);
  });

  test('comes back after a restart of the broker', async () => {
    const broker = await overWebSocket();
    const parts = realParts();
    const sink = sinkTo(broker.url, parts);
    await until(() => sink.status.connected);
    await broker.kill('SIGKILL');
    await until(() => !sink.status.connected);
    parts.journal.append(sample({ t1: 1 }));
    await broker.start();
    await until(() => sink.status.connected && sink.status.lag === 0);
  });
});
