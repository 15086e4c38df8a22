import { dirname, resolve } from 'node:path';
import { type ConfigIssue, type ConfigPath, configIssues, type ErrorCode, isObject } from '../base/index.ts';
import { misplacedKey } from './misplaced-key.ts';
import type { MqttConfiguration } from './mqtt-schema.ts';
import type { PortConfiguration } from './port-schema.ts';
import { type Configuration, configSchema } from './schema.ts';
import { soundPart } from './sound-part.ts';
import { deviceFiles, readText } from './source-file.ts';
import { type FileFault, YamlFile } from './yaml-file.ts';

export interface LoadOptions {
  /** Names of the drivers, each of which a device may have as a section. */
  readonly sections: Iterable<string>;
  /** For `${NAME}`; default `process.env`. */
  readonly env?: Readonly<Record<string, string | undefined>>;
}

/** An issue with its place in a file; line and column count from 1. */
export interface LocatedIssue extends ConfigIssue {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

export interface LoadedConfiguration {
  /** Absent where there is an error. */
  readonly configuration?: Configuration;
  /** What is left of it without everything that is wrong: for further checks only, never to be run. */
  readonly sound?: Configuration;
  /** All that is wrong, in order of position. */
  readonly issues: readonly LocatedIssue[];
  /** Files without a byte in them. That is no mistake; but a file that is being written over is empty at first. */
  readonly empty: readonly string[];
  /** The issues together with what a later check, the gateway's own, has found, in order of position. */
  withFurther(found: readonly ConfigIssue[]): readonly LocatedIssue[];
  /** Whether the value at a place came from the environment or a secret's file, and so must not be shown. */
  concealed(path: ConfigPath): boolean;
}

/** Reads `labwire.yaml` and `devices.d/*.yaml` beside it. Never throws: all that is wrong is an issue. */
export function loadConfiguration(file: string, options: LoadOptions): LoadedConfiguration {
  const loading = new Loading(file, options.env ?? process.env);
  loading.read();
  return loading.result(options.sections);
}

/** `file:line:column: message (CODE)`; of a warning, `warning:` stands before the message. */
export function formatIssue(issue: LocatedIssue): string {
  const mark = issue.severity === 'warning' ? 'warning: ' : '';
  return `${issue.file}:${issue.line}:${issue.column}: ${mark}${issue.message} (${issue.code})`;
}

interface Source {
  readonly file: string;
  readonly yaml: YamlFile;
  /** The place of this file's content in the whole configuration. */
  readonly prefix: ConfigPath;
}

class Loading {
  readonly #files: string[] = [];
  readonly #empty: string[] = [];
  readonly #issues: LocatedIssue[] = [];
  readonly #mainFile: string;
  /** By device id, for those that stand in a file of `devices.d`. */
  readonly #deviceSources = new Map<string, Source>();
  readonly #env: Readonly<Record<string, string | undefined>>;
  readonly #devices: Record<string, unknown> = {};
  #main: Source | undefined;

  constructor(file: string, env: Readonly<Record<string, string | undefined>>) {
    this.#mainFile = file;
    this.#env = env;
  }

  read(): void {
    this.#main = this.#read(this.#mainFile, []);
    const { files, error } = deviceFiles(this.#mainFile);
    if (error !== undefined) this.#add('CONFIG_FILE', error, this.#mainFile);
    for (const deviceFile of files) this.#addDevices(deviceFile);
  }

  #add(code: ErrorCode, message: string, file: string, position = { line: 1, column: 1 }): void {
    this.#issues.push({ code, message, file, path: [], at: 'value', severity: 'error', ...position });
  }

  #read(file: string, prefix: ConfigPath): Source | undefined {
    const read = readText(file);
    this.#files.push(file);
    if ('error' in read) {
      this.#add('CONFIG_FILE', `the configuration file ${read.error}`, file);
      return undefined;
    }
    if (read.text === '') this.#empty.push(file);
    const yaml = new YamlFile(read.text, { env: this.#env, folder: dirname(file) });
    for (const fault of distinct(yaml.faults)) this.#add(fault.code, fault.message, file, fault);
    return { file, yaml, prefix };
  }

  #addDevices(file: string): void {
    const source = this.#read(file, ['devices']);
    const content = source?.yaml.value;
    if (!source || content === undefined || content === null) return;
    if (!isObject(content)) {
      this.#add('CONFIG_INVALID', 'must be a mapping of device ids to devices', file);
      return;
    }
    const ids = Object.keys(content);
    if (ids.length === 1 && ids[0] === 'devices') {
      this.#add('CONFIG_INVALID', 'device ids stand at the top level of this file, without "devices:" above', file);
      return;
    }
    for (const id of ids) this.#addDevice(id, content[id], source);
  }

  #addDevice(id: string, content: unknown, source: Source): void {
    const mainDevices = isObject(this.#main?.yaml.value) ? this.#main.yaml.value.devices : undefined;
    const inMain = isObject(mainDevices) && Object.hasOwn(mainDevices, id) ? this.#main : undefined;
    const before = this.#deviceSources.get(id) ?? inMain;
    if (before) {
      const first = before.yaml.position(['devices', id].slice(before.prefix.length), 'key');
      const message = `the device "${id}" is already there, in ${before.file} line ${first.line}; give it another id`;
      this.#add('CONFIG_INVALID', message, source.file, source.yaml.position([id], 'key'));
      return;
    }
    this.#deviceSources.set(id, source);
    this.#devices[id] = content;
  }

  result(sections: Iterable<string>): LoadedConfiguration {
    const sound = this.#check([...sections]);
    const faultless = !this.#issues.some((issue) => issue.severity === 'error');
    return {
      ...(sound && { sound, ...(faultless && { configuration: sound }) }),
      issues: this.#sorted(this.#issues),
      empty: this.#empty,
      withFurther: (found) => this.#sorted([...this.#issues, ...this.#placed(found)]),
      concealed: (path) => this.#concealed(path),
    };
  }

  /** What is sound of the configuration; undefined where nothing can be told of it. */
  #check(sections: readonly string[]): Configuration | undefined {
    const content = this.#main?.yaml.value ?? {};
    // Where the main file is broken, more words about what it then lacks would only mislead.
    if (!this.#main || this.#main.yaml.faults.some(({ code }) => code === 'CONFIG_SYNTAX')) return undefined;
    const merged = isObject(content) ? this.#merge(content) : content;
    const schema = configSchema(sections);
    const checked = schema.safeParse(merged, { reportInput: true });
    if (checked.success) return this.#resolvePaths(checked.data);
    const concealed = (path: ConfigPath): boolean => this.#concealed(path);
    const found = configIssues(checked.error.issues, { schema, concealed, hint: misplacedKey });
    this.#issues.push(...this.#placed(found));
    const sound = soundPart(sections, merged);
    return sound && this.#resolvePaths(sound);
  }

  #merge(content: Record<string, unknown>): unknown {
    const { devices } = content;
    if (this.#deviceSources.size === 0 || (devices !== undefined && devices !== null && !isObject(devices))) {
      return devices === null ? { ...content, devices: {} } : content;
    }
    return { ...content, devices: { ...devices, ...this.#devices } };
  }

  #resolvePaths(configuration: Configuration): Configuration {
    const devices = Object.entries(configuration.devices).map(([id, device]) => {
      const folder = dirname(this.#sourceOf(['devices', id])?.file ?? this.#mainFile);
      return [id, typeof device.port === 'string' ? device : { ...device, port: resolved(device.port, folder) }];
    });
    const mainFolder = dirname(this.#mainFile);
    const ports = Object.entries(configuration.ports).map(([id, port]) => [id, resolved(port, mainFolder)]);
    const { files, mqtt, server } = configuration;
    const folderOf = <F extends { path: string }>(one: F): F => ({ ...one, path: resolve(mainFolder, one.path) });
    const credentials = <M extends MqttConfiguration>(one: M): M => ({ ...one, ...credentialFiles(one, mainFolder) });
    return {
      ...configuration,
      server: serverFiles(server, mainFolder),
      ...(mqtt && { mqtt: Array.isArray(mqtt) ? mqtt.map(credentials) : credentials(mqtt) }),
      ...(files && { files: Array.isArray(files) ? files.map(folderOf) : folderOf(files) }),
      devices: Object.fromEntries(devices),
      ports: Object.fromEntries(ports),
    };
  }

  #sourceOf(path: ConfigPath): Source | undefined {
    const own = path[0] === 'devices' ? this.#deviceSources.get(String(path[1])) : undefined;
    return own ?? this.#main;
  }

  #locate(issue: ConfigIssue): LocatedIssue {
    const source = this.#sourceOf(issue.path);
    const position = source?.yaml.position(issue.path.slice(source.prefix.length), issue.at);
    return { ...issue, file: source?.file ?? this.#mainFile, ...(position ?? { line: 1, column: 1 }) };
  }

  #concealed(path: ConfigPath): boolean {
    const source = this.#sourceOf(path);
    return source?.yaml.substituted(path.slice(source.prefix.length)) ?? false;
  }

  /** With their places; what a failed substitution left behind is no fault of its own. */
  #placed(issues: readonly ConfigIssue[]): LocatedIssue[] {
    return issues.map((issue) => this.#locate(issue)).filter((issue) => !this.#unsubstituted(issue));
  }

  #unsubstituted({ file, line, column }: LocatedIssue): boolean {
    const same = (other: LocatedIssue): boolean =>
      other.file === file && other.line === line && other.column === column;
    return this.#issues.some((other) => other.code === 'CONFIG_SUBSTITUTION' && same(other));
  }

  #sorted(issues: readonly LocatedIssue[]): LocatedIssue[] {
    const place = (issue: LocatedIssue): number => this.#files.indexOf(issue.file);
    return [...issues].sort((a, b) => place(a) - place(b) || a.line - b.line || a.column - b.column);
  }
}

/** A fault within what an alias stands for is met once for each alias. */
function distinct(faults: readonly FileFault[]): FileFault[] {
  return [...new Map(faults.map((fault) => [`${fault.line}:${fault.column}:${fault.message}`, fault])).values()];
}

/** A port as it is, but that its path does not depend on where labwire was started. */
function resolved<P extends PortConfiguration>(port: P, folder: string): P {
  if ('path' in port) return { ...port, path: portPath(folder, port.path) };
  return 'unix' in port ? { ...port, unix: resolve(folder, port.unix) } : port;
}

/** The files of certificates and keys, those that are named. */
function credentialFiles(mqtt: MqttConfiguration, folder: string): object {
  const named = ['ca', 'cert', 'key'].flatMap((name) => {
    const file: unknown = Reflect.get(mqtt, name);
    return typeof file === 'string' ? [[name, resolve(folder, file)]] : [];
  });
  return Object.fromEntries(named);
}

function serverFiles(server: Configuration['server'], folder: string): Configuration['server'] {
  const { tokens, tls } = server;
  return {
    ...server,
    ...(tokens !== undefined && { tokens: resolve(folder, tokens) }),
    ...(tls && { tls: { cert: resolve(folder, tls.cert), key: resolve(folder, tls.key) } }),
  };
}

/** `COM3` is a name and not a path; everything else is relative to the file that says it. */
function portPath(folder: string, path: string): string {
  return /^COM\d+$/i.test(path) || path.startsWith('\\\\') ? path : resolve(folder, path);
}
