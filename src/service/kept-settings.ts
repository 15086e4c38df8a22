import { LabwireError, type Logger } from '../base/index.ts';
import type { SettingCore } from './setting-core.ts';
import type { StateFile } from './state-file.ts';
import { checkValue, type SettingValue } from './value-rules.ts';

/**
 * Decides which value a setting has after a start: the one set at run time, as long as the configuration says what it
 * said then; else the configured one; else the default. Settings that belong to an instrument are never kept.
 */
export class KeptSettings {
  readonly #file: StateFile | undefined;
  readonly #log: Logger;
  readonly #configured = new Map<string, SettingValue>();
  readonly #present = new Map<string, SettingCore>();
  /** The setting that is being given its value: that is no change at run time. */
  #applying: SettingCore | undefined;

  constructor(file: StateFile | undefined, log: Logger) {
    this.#file = file;
    this.#log = log;
  }

  added(path: string, setting: SettingCore): void {
    if (setting.belongsToInstrument) return;
    this.#present.set(path, setting);
    this.#apply(path, setting);
  }

  removed(path: string): void {
    this.#present.delete(path);
  }

  /** The service has another place in its list: its kept value goes with it. */
  moved(from: string, to: string, setting: SettingCore): void {
    if (setting.belongsToInstrument) return;
    this.#present.delete(from);
    this.#present.set(to, setting);
    const kept = this.#file?.get(from);
    this.#file?.delete(from);
    if (kept) this.#file?.set(to, kept);
    else this.#file?.delete(to);
  }

  /** The value changed: by a client, by the service's own code, or by this class. */
  changed(path: string, setting: SettingCore, value: SettingValue): void {
    if (setting.belongsToInstrument || this.#applying === setting) return;
    this.#file?.set(path, { value, configured: this.#configured.get(path) });
  }

  /** @throws LabwireError VALUE_INVALID if the setting is there and does not take the value */
  configure(path: string, value: SettingValue | undefined): void {
    const setting = this.#present.get(path);
    if (setting && value !== undefined) checkValue(`Setting ${path}`, setting.rules, value);
    if (value === undefined) this.#configured.delete(path);
    else this.#configured.set(path, value);
    if (setting) this.#apply(path, setting);
  }

  #apply(path: string, setting: SettingCore): void {
    const kept = this.#file?.get(path);
    const configured = this.#configured.get(path);
    if (kept && kept.configured === configured && this.#assign(setting, kept.value, 'kept')) return;
    if (kept) this.#file?.delete(path);
    if (configured !== undefined) this.#assign(setting, configured, 'configured');
  }

  #assign(setting: SettingCore, value: SettingValue, which: string): boolean {
    this.#applying = setting;
    try {
      setting.assign(value);
      return true;
    } catch (error) {
      if (!(error instanceof LabwireError)) throw error;
      this.#log.warn({ err: error }, `the ${which} value of a setting is refused, its default stays: ${error.message}`);
      return false;
    } finally {
      this.#applying = undefined;
    }
  }
}
