import type { DeviceDescription } from '../instrument/index.ts';
import type { TaskControl } from '../task/index.ts';

export interface Cause {
  readonly code: string | null;
  readonly message: string;
}

/** Every message of a LabwireError ends with its code. */
export function causeOf(message: string): Cause {
  return { code: / \(([A-Z_]+)\)$/.exec(message)?.[1] ?? null, message };
}

export function taskState(task: TaskControl): object {
  return Object.fromEntries(task.attributes.map((attribute) => [attribute, task.get(attribute)]));
}

/** What `info` says of a device. */
export function deviceInfo(description: DeviceDescription): object {
  const { manufacturer, modelName, model, label, serialNumber, firmware, port, simulated } = description;
  const channels = [...description.channels.values()].map(({ id, scale, offset, ...facts }) => [id, facts]);
  return {
    manufacturer,
    model: modelName ?? model,
    modelId: model,
    label,
    serialNumber,
    firmware,
    port,
    simulated,
    channels: Object.fromEntries(channels),
  };
}
