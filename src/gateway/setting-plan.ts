import { didYouMean } from '../base/index.ts';
import type { DeviceConfiguration } from '../config/index.ts';
import type { Model } from '../instrument/index.ts';
import { type SettingCore, type SettingValue, valueFault } from '../service/index.ts';
import { atSite, type Findings, inModel, type Place } from './findings.ts';

/** The values of settings that model and site name, the site's over the model's, without those that are refused. */
export function planSettings(
  settings: ReadonlyMap<string, SettingCore>,
  model: Model,
  device: DeviceConfiguration,
  findings: Findings,
): Map<string, SettingValue> {
  const values = new Map<string, SettingValue>();
  const take = (name: string, value: SettingValue, place: Place): void => {
    const setting = settings.get(name);
    const fault = setting && valueFault(setting.rules, value, findings.shown(place, value));
    if (!setting) {
      const hint = didYouMean(name, settings.keys());
      findings.add({ code: 'CONFIG_INVALID', place, at: 'key', text: 'is no setting of this device', hint });
    } else if (fault !== undefined) findings.add({ code: 'VALUE_INVALID', place, text: fault });
    else values.set(name, value);
  };
  for (const [name, value] of Object.entries(model.settings ?? {})) take(name, value, inModel('settings', name));
  // Without such a setting it is a talker, whose interval thins what it says.
  if (settings.has('interval')) {
    if (model.interval !== undefined) take('interval', model.interval, inModel('interval'));
    if (device.interval !== undefined) take('interval', device.interval, atSite('interval'));
  }
  for (const [name, value] of Object.entries(device.settings ?? {})) take(name, value, atSite('settings', name));
  return values;
}
