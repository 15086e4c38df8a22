import { MemoryJournal } from '../../../src/journal/index.ts';
import type { GatewayView, RouteViews } from '../../../src/server/index.ts';

const TIME = '2026-11-24T03:40:00.123456Z';

type Details = NonNullable<ReturnType<GatewayView['device']>>;

export const cryostat: Details = {
  id: 'cryostat',
  status: 'online',
  health: { state: 'online', code: null, message: null, since: TIME, lastSample: TIME, dropped: { checksum: 2 } },
  info: {
    manufacturer: 'Lake Shore',
    model: '218',
    modelId: 'lakeshore-218',
    serialNumber: '21A',
    port: '/dev/ttyUSB0',
    simulated: false,
    connection: { opens: 1 },
  },
  channels: {
    t1: {
      type: 'number',
      kind: 'measurement',
      unit: 'K',
      range: [1.4, 475],
      writable: false,
      value: 4.2,
      quality: 'good',
      time: TIME,
    },
    heater: { type: 'number', kind: 'measurement', writable: true, value: null, quality: null, time: null },
  },
  settings: {
    interval: { value: 1, type: 'number', unit: 's', minimum: 0.1, doc: 'Time between two.', writable: true },
  },
  tasks: { acquire: { state: 'active', status: 'RUNNING', restarts: 0, lastError: null } },
  commands: { zero: { doc: '', tier: 'stateful', parameters: { at: { type: 'number', unit: 'K' } } } },
};

const model = { id: 'lakeshore-218', manufacturer: 'Lake Shore', model: '218', driver: 'lakeshore' };

export function gatewayView(): GatewayView {
  const { settings, tasks, commands, ...summary } = cryostat;
  return {
    info: () => ({
      gateway: 'lab_a',
      version: '1.2.3',
      startedAt: TIME,
      tags: { room: '101' },
      devices: ['cryostat'],
      journal: { state: 'ok' },
    }),
    devices: () => [summary],
    device: (id) => (id === 'cryostat' ? cryostat : undefined),
    deviceIds: () => ['cryostat'],
    listPorts: async () => ({
      ports: [{ path: '/dev/ttyUSB0', vendorId: '0403', usedBy: ['cryostat'] }],
      missing: [{ usedBy: 'oven', port: '/dev/ttyUSB1', code: 'PORT_ABSENT', message: 'There is no port' }],
    }),
    models: () => [model],
    model: (id) => (id === model.id ? { ...model, channels: { input1: { unit: 'K' } }, source: 'Manual' } : undefined),
    sinks: () => [
      {
        name: 'mqtt',
        connected: true,
        lag: 0,
        lagSeconds: 0,
        rate: 1.5,
        delivered: 7,
        retries: 0,
        dropped: 0,
        deadLetters: { count: 1, last: [{ time: TIME, reason: 'refused', text: 'x' }] },
        lastError: null,
      },
    ],
  };
}

/** Everything that a gateway shows, with figures that never change. */
export function allViews(journal = new MemoryJournal()): RouteViews {
  return {
    health: () => ({ ok: true, gateway: 'lab_a' }),
    readiness: () => ({ ready: true, reasons: [] }),
    metrics: () => [{ name: 'x', type: 'gauge', help: 'A.', samples: [{ value: 1 }] }],
    ports: { names: () => [], find: () => undefined },
    gateway: gatewayView(),
    records: journal,
  };
}
