import type { Journal } from '../journal/index.ts';
import type { LiveCounters, Metric, MetricSample } from '../server/index.ts';
import type { SinkStatus } from '../sinks/index.ts';
import { version } from '../version.ts';
import type { Device } from './device.ts';
import { deviceStatus } from './health.ts';

export interface Measured {
  readonly gateway: string;
  readonly sinks: Iterable<readonly [name: string, status: SinkStatus]>;
  readonly devices: Iterable<readonly [id: string, device: Device]>;
  readonly journal: Journal;
  /** Of the server's clients over socket.io. */
  readonly clients: LiveCounters | undefined;
}

const MICROSECONDS = 1e6;

/** What `/metrics` shows of a gateway. */
export function gatewayMetrics({ gateway, sinks, devices, journal, clients }: Measured): Metric[] {
  return [
    gauge('labwire_build_info', 'The running version; always 1.', [{ labels: { gateway, version }, value: 1 }]),
    ...sinkMetrics([...sinks]),
    ...journalMetrics(journal),
    ...deviceMetrics([...devices]),
    ...(clients ? clientMetrics(clients) : []),
    ...processMetrics(),
  ];
}

function gauge(name: string, help: string, samples: readonly MetricSample[]): Metric {
  return { name, type: 'gauge', help, samples };
}

function counter(name: string, help: string, samples: readonly MetricSample[]): Metric {
  return { name, type: 'counter', help, samples };
}

function sinkMetrics(sinks: readonly (readonly [string, SinkStatus])[]): Metric[] {
  const each = (value: (status: SinkStatus) => number): MetricSample[] =>
    sinks.map(([sink, status]) => ({ labels: { sink }, value: value(status) }));
  const dropped = sinks.flatMap(([sink, { dropped: all, deadLetters }]) => [
    { labels: { sink, reason: 'discarded' }, value: all - deadLetters.count },
    { labels: { sink, reason: 'refused' }, value: deadLetters.count },
  ]);
  return [
    gauge('labwire_sink_connected', 'Whether the broker, database or disk takes records.', each(connected)),
    gauge(
      'labwire_sink_lag_samples',
      'Records that are not delivered yet.',
      each(({ lag }) => lag),
    ),
    gauge(
      'labwire_sink_lag_seconds',
      'Age of the oldest record not delivered yet.',
      each((s) => s.lagSeconds),
    ),
    counter(
      'labwire_sink_delivered_total',
      'Delivered records.',
      each(({ delivered }) => delivered),
    ),
    counter(
      'labwire_sink_retries_total',
      'Attempts that failed and were made again.',
      each(({ retries }) => retries),
    ),
    counter(
      'labwire_sink_dropped_total',
      'Records that the journal discarded before they were delivered, and what was refused for good.',
      dropped,
    ),
  ];
}

function connected(status: SinkStatus): number {
  return status.connected ? 1 : 0;
}

function journalMetrics({ state, head, committed }: Journal): Metric[] {
  return [
    gauge('labwire_journal_up', 'Whether what is recorded reaches the disk.', [
      { value: state.state === 'ok' ? 1 : 0 },
    ]),
    gauge('labwire_journal_uncommitted_samples', 'Records that are in memory alone.', [{ value: head - committed }]),
  ];
}

function deviceMetrics(devices: readonly (readonly [string, Device])[]): Metric[] {
  const dropped = devices.flatMap(([id, { counts }]) =>
    Object.entries(counts.dropped).map(([reason, value]) => ({ labels: { device: id, reason }, value })),
  );
  const spoken = devices.filter(([, { counts }]) => counts.lastSample > 0);
  return [
    gauge(
      'labwire_device_up',
      'Whether the device gives readings.',
      devices.map(([id, { health }]) => ({ labels: { device: id }, value: deviceStatus(health) === 'online' ? 1 : 0 })),
    ),
    counter(
      'labwire_device_samples_total',
      'Recorded samples.',
      devices.map(([id, { counts }]) => ({ labels: { device: id }, value: counts.samples })),
    ),
    counter('labwire_device_dropped_total', 'Rejected frames, by the reason.', dropped),
    gauge(
      'labwire_device_last_sample_timestamp_seconds',
      'When the newest sample came, in seconds since the Unix epoch.',
      spoken.map(([id, { counts }]) => ({ labels: { device: id }, value: counts.lastSample / MICROSECONDS })),
    ),
  ];
}

function clientMetrics({ clients, cut, merged }: LiveCounters): Metric[] {
  return [
    gauge('labwire_server_clients', 'Clients that are told of changes as they happen.', [{ value: clients }]),
    counter('labwire_server_clients_cut_total', 'Clients that were cut since they did not read.', [{ value: cut }]),
    counter('labwire_server_changes_merged_total', 'Changes that were overtaken before a client took them.', [
      { value: merged },
    ]),
  ];
}

/** Under the names that Prometheus's client libraries give them. */
function processMetrics(): Metric[] {
  const { user, system } = process.cpuUsage();
  const { rss, heapUsed } = process.memoryUsage();
  const startedAt = Date.now() / 1000 - process.uptime();
  return [
    counter('process_cpu_seconds_total', 'User and system CPU time.', [{ value: (user + system) / MICROSECONDS }]),
    gauge('process_resident_memory_bytes', 'Resident memory.', [{ value: rss }]),
    gauge('nodejs_heap_size_used_bytes', 'Heap in use.', [{ value: heapUsed }]),
    gauge('process_start_time_seconds', 'Start of the process, in seconds since the Unix epoch.', [
      { value: Math.round(startedAt) },
    ]),
  ];
}
