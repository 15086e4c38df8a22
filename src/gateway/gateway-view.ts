import { modelChannels } from '../instrument/index.ts';
import { listPorts } from '../port/index.ts';
import type { GatewayInfo, GatewayView, ListedPorts, ModelDetails } from '../server/index.ts';
import type { Device } from './device.ts';
import type { Parts } from './device-plan.ts';
import { deviceDetails, deviceSummary } from './device-view.ts';

import { configuredPorts, usedBy } from './used-ports.ts';
import type { ViewedGateway } from './viewed-gateway.ts';

/** What a gateway consists of, for the server. */
export function gatewayView(gateway: ViewedGateway): GatewayView {
  const { devices, state } = gateway;
  const known = (device: Device): boolean => state.get([device.plan.id, 'info']) !== undefined;
  const ports = shared(() => portsOf(gateway));
  return {
    info: () => ({
      gateway: gateway.configuration().gateway.id,
      ...(state.get(['info']) as Omit<GatewayInfo, 'gateway'>),
    }),
    devices: () => [...devices.values()].filter(known).map((device) => deviceSummary(device, state)),
    device: (id) => {
      const device = devices.get(id);
      return device && known(device) ? deviceDetails(device, state) : undefined;
    },
    deviceIds: () => [...devices.keys()],
    listPorts: ports,
    models: () => modelsOf(gateway.parts()),
    model: (id) => modelOf(id, gateway.parts()),
    sinks: () =>
      [...gateway.sinks().statuses()].map(([name, { deadLetters, ...status }]) => ({
        name,
        ...status,
        deadLetters: { count: deadLetters.count, last: [...deadLetters.last] },
      })),
  };
}

async function portsOf({ configuration, systemRoot: root }: ViewedGateway): Promise<ListedPorts> {
  const options = root === undefined ? {} : { root };
  const { ports, missing } = usedBy(await listPorts(options), configuredPorts(configuration()), root);
  return { ports: ports.map(({ port, usedBy: users }) => ({ ...port, usedBy: [...users] })), missing: [...missing] };
}

function modelsOf({ catalogue }: Parts): ReturnType<GatewayView['models']> {
  return catalogue.ids.flatMap((id) => {
    const model = catalogue.get(id);
    if (!model) return [];
    const { manufacturer, model: name, driver } = model;
    return [
      { id, driver, ...(manufacturer !== undefined && { manufacturer }), ...(name !== undefined && { model: name }) },
    ];
  });
}

function modelOf(id: string, { catalogue, drivers }: Parts): ModelDetails | undefined {
  const model = catalogue.get(id);
  return model && ({ ...model, channels: modelChannels(model, drivers.get(model.driver)) } as ModelDetails);
}

/** Who asks while the work is under way gets the same answer. */
function shared<T>(work: () => Promise<T>): () => Promise<T> {
  let underWay: Promise<T> | undefined;
  return () => {
    underWay ??= work().finally(() => {
      underWay = undefined;
    });
    return underWay;
  };
}
