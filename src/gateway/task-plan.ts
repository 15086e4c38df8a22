import { didYouMean, LabwireError } from '../base/index.ts';
import type { DeviceConfiguration } from '../config/index.ts';
import type { Model } from '../instrument/index.ts';
import { optionFault, type TaskControl } from '../task/index.ts';
import { atSite, type Findings, inModel, type Place } from './findings.ts';

type Values = Readonly<Record<string, unknown>>;

/** Lays the options of model and site over the driver's, and finds what is wrong with them, each by itself. */
export function planTasks(
  tasks: ReadonlyMap<string, TaskControl>,
  model: Model,
  device: DeviceConfiguration,
  findings: Findings,
): void {
  const layers = [
    { name: model.id, tasks: model.tasks, place: inModel },
    { name: 'the configuration', tasks: device.tasks, place: atSite },
  ];
  for (const layer of layers) {
    for (const [name, values] of Object.entries(layer.tasks ?? {})) {
      const control = tasks.get(name);
      const place = layer.place('tasks', name);
      if (control) configure(control, layer.name, values, place, findings);
      else {
        const hint = didYouMean(name, tasks.keys());
        findings.add({ code: 'CONFIG_INVALID', place, at: 'key', text: 'is no task of this device', hint });
      }
    }
  }
  for (const [name, control] of tasks) {
    const place = device.tasks && Object.hasOwn(device.tasks, name) ? atSite('tasks', name) : inModel('tasks', name);
    for (const warning of control.warnings()) {
      findings.add({ code: 'TASK_OPTION', place, at: 'key', text: `is doubtful: ${warning}`, severity: 'warning' });
    }
  }
}

function configure(control: TaskControl, layer: string, values: Values, place: Place, findings: Findings): void {
  const faulty = Object.keys(values).filter((option) => refuse(option, values[option], place, findings));
  const right = Object.entries(values).filter(([option]) => !faulty.includes(option));
  try {
    control.configure(layer, Object.fromEntries(right));
  } catch (error) {
    if (!(error instanceof LabwireError)) throw error;
    // The delays that were refused may be just what the others lack.
    if (faulty.some((option) => option.startsWith('restart'))) return;
    findings.add({ code: error.code, place, at: 'key', text: `is refused: ${error.detail}` });
  }
}

/** @returns whether the option is refused */
function refuse(option: string, value: unknown, { by, path }: Place, findings: Findings): boolean {
  const place = { by, path: [...path, option] };
  const fault = optionFault(option, value, { shown: findings.shown(place, value) });
  if (!fault) return false;
  findings.add({ code: 'TASK_OPTION', place, at: fault.of === 'name' ? 'key' : 'value', text: fault.text });
  return true;
}
