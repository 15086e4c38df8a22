import { codeOf } from '../base/index.ts';
import type { DeviceDescription } from '../instrument/index.ts';
import type { TaskControl } from '../task/index.ts';

/** Why a device gives no readings. */
export interface Cause {
  readonly code: string | null;
  readonly message: string;
}

export function causeOf(error: Error): Cause {
  return { code: codeOf(error), message: error.message };
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
