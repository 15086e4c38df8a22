import { execFile } from 'node:child_process';
import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
} from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { parse as parseToml } from 'smol-toml';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { parse } from 'yaml';
import { silentLogger } from '../../src/base/index.ts';
import { siteParts } from '../../src/cli/package.ts';
import { readSite } from '../../src/cli/site.ts';
import { CLI } from '../e2e/labwire-process.ts';

const run = promisify(execFile);
const project = resolve(import.meta.dirname, '../..');
const deploy = join(project, 'deploy');
const guide = readFileSync(join(project, 'docs/deploy.md'), 'utf8');
const text = (name: string): string => readFileSync(join(deploy, name), 'utf8');

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'labwire-deploy-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

interface Service {
  readonly image: string;
  readonly build?: { readonly context: string; readonly dockerfile: string };
  readonly restart?: string;
  readonly environment?: Record<string, string>;
  readonly volumes?: readonly string[];
  readonly ports?: readonly string[];
  readonly depends_on?: Record<string, { readonly condition: string }>;
  readonly healthcheck?: { readonly test: readonly string[] };
  readonly command?: readonly string[];
  readonly network_mode?: string;
}

interface Compose {
  readonly services: Record<string, Service>;
  readonly volumes: Record<string, unknown>;
}

describe('the compose file', () => {
  const source = text('compose/compose.yaml');
  const { services, volumes }: Compose = parse(source, { merge: true });
  const each = Object.entries(services);
  const oneShots = ['mosquitto-users', 'dashboards'];
  const variables = new Set([...source.matchAll(/(?<!\$)\$\{(\w+)/g)].map(([, name = '']) => name));
  const example = new Map(
    text('compose/.env.example')
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'))
      .map((line): [string, string] => [line.split('=')[0] ?? '', line.split('=').slice(1).join('=')]),
  );

  it('holds labwire and its neighbours, and what prepares them', () => {
    expect(Object.keys(services).sort()).toEqual(['labwire', 'mosquitto', 'influxdb', 'grafana', ...oneShots].sort());
  });

  it('pins each image to a release, or builds it', () => {
    for (const [name, { image, build }] of each) {
      if (build) {
        expect(image, name).toBe('labwire:local');
        const context = join(deploy, 'compose', build.context);
        expect(context, name).toBe(project);
        expect(existsSync(join(context, build.dockerfile)), name).toBe(true);
      } else expect(image, name).toMatch(/^[a-z/-]+:\d+\.\d+\.\d+$/);
    }
  });

  it('starts what runs after each boot, and looks after its health; what prepares it runs once', () => {
    for (const [name, { restart, healthcheck }] of each) {
      expect(restart, name).toBe(oneShots.includes(name) ? 'no' : 'unless-stopped');
      // Labwire's is in its image.
      expect(healthcheck !== undefined, name).toBe(!oneShots.includes(name) && name !== 'labwire');
    }
  });

  it('depends on what there is, and waits for what ends or tells of its health', () => {
    for (const [name, { depends_on = {} }] of each) {
      for (const [other, { condition }] of Object.entries(depends_on)) {
        const expected = oneShots.includes(other) ? 'service_completed_successfully' : 'service_healthy';
        expect(condition, `${name} on ${other}`).toBe(expected);
        expect(services[other]?.healthcheck !== undefined || oneShots.includes(other), other).toBe(true);
      }
    }
  });

  it('publishes ports to this machine alone', () => {
    const ports = each.flatMap(([, service]) => service.ports ?? []);
    expect(ports).toEqual(['127.0.0.1:1883:1883', '127.0.0.1:8086:8086', '127.0.0.1:3000:3000']);
    expect(services.labwire?.ports).toBeUndefined();
  });

  it('mounts files that there are, read-only, and volumes that are declared and used', () => {
    const used = new Set<string>();
    for (const [name, service] of each) {
      for (const mount of service.volumes ?? []) {
        const [from = '', to = '', mode] = mount.split(':');
        expect(to, mount).toMatch(/^\//);
        if (from.startsWith('.')) {
          expect(existsSync(join(deploy, 'compose', from)), `${name}: ${from}`).toBe(true);
          expect(mode, mount).toBe('ro');
        } else if (from !== '/dev') used.add(from);
      }
    }
    expect([...used].sort()).toEqual(Object.keys(volumes).sort());
  });

  it('takes each variable from .env, whose example names them all and holds no secret', () => {
    expect([...variables].sort()).toEqual([...example.keys()].sort());
    for (const [name, value] of example) expect(value === '', name).toBe(/PASSWORD/.test(name));
  });

  it('refuses to start where a password is missing, and holds none itself', () => {
    for (const name of variables) {
      if (example.get(name) !== '') continue;
      const uses = [...source.matchAll(new RegExp(`\\$\\{${name}(.*?)\\}`, 'g'))].map(([, rest]) => rest);
      expect(uses, name).toEqual(uses.map(() => ':?set it in .env'));
    }
    for (const [service, { environment = {} }] of each)
      for (const [name, value] of Object.entries(environment))
        if (/PASSWORD|TOKEN|SECRET/.test(name)) expect(value, `${service} ${name}`).toMatch(/^\$\{|not needed here/);
  });

  it('has every password set by the commands of the guide, each another one', async () => {
    const [block = ''] = /(?<=```sh\n)cd deploy\/compose\n.*?(?=```)/s.exec(guide) ?? [];
    copyFileSync(join(deploy, 'compose/.env.example'), join(folder, '.env.example'));
    const { stdout } = await run('bash', ['-euc', `cd() { :; }\ndocker() { echo "$@"; }\n${block}`], { cwd: folder });
    expect(stdout).toBe('compose up --detach --build\ncompose ps\n');
    const lines = readFileSync(join(folder, '.env'), 'utf8').split('\n');
    const passwords = lines.flatMap((line) => /^\w+PASSWORD=(.*)$/.exec(line)?.[1] ?? []);
    expect(passwords).toHaveLength([...example.values()].filter((value) => value === '').length);
    expect(new Set(passwords).size).toBe(passwords.length);
    for (const password of passwords) expect(password).toMatch(/^[0-9a-f]{32}$/);
    const OTHERS = 0o077;
    expect(statSync(join(folder, '.env')).mode & OTHERS).toBe(0);
  });

  it('gives Mosquitto its password file where its configuration looks for it', () => {
    const { volumes: mounts = [], command = [] } = services.mosquitto ?? ({} as Service);
    const inside = new Map(mounts.map((mount) => [mount.split(':')[1] ?? '', mount.split(':')[0] ?? '']));
    const main = command.at(-1) ?? '';
    expect(inside.get(main)).toBe('./mosquitto.conf');
    const conf = `${text('compose/mosquitto.conf')}\n${text('mosquitto/mosquitto.conf')}`;
    const value = (key: string): string => new RegExp(`^${key} (\\S+)$`, 'm').exec(conf)?.[1] ?? '';
    expect(inside.get(`${value('include_dir')}/labwire.conf`)).toBe('../mosquitto/mosquitto.conf');
    expect(inside.get(value('acl_file').replace(/\/acl$/, ''))).toBe('mosquitto-users');
    expect(inside.get(value('password_file').replace(/\/passwords$/, ''))).toBe('mosquitto-users');
    expect(inside.get(value('persistence_location').replace(/\/$/, ''))).toBe('mosquitto-data');
    expect(services['mosquitto-users']?.volumes).toContain('mosquitto-users:/etc/mosquitto/labwire');
  });

  const environmentOf = (name: string): Record<string, string> =>
    Object.fromEntries(
      Object.entries(services[name]?.environment ?? {}).map(([key, value]) => [
        key,
        value.replaceAll(/\$\{(\w+)[^}]*\}/g, (_, variable) => (variable === 'GATEWAY_ID' ? 'lab_a' : variable)),
      ]),
    );

  it('runs a configuration without a mistake, whose servers are its services', async () => {
    const before = process.env;
    process.env = { ...before, ...environmentOf('labwire') };
    onTestFinished(() => {
      process.env = before;
    });
    const file = join(deploy, 'compose/config/labwire.yaml');
    const { configuration, issues } = readSite(file, await siteParts(file, silentLogger), silentLogger);
    expect(issues).toEqual([]);
    expect(configuration?.mqtt).toMatchObject({ username: 'lab_a', password: 'MQTT_PASSWORD' });
    expect(configuration?.influx).toMatchObject({ username: 'labwire', password: 'INFLUX_PASSWORD' });
    const influxdb = services.influxdb?.environment ?? {};
    expect(influxdb).toMatchObject({ INFLUXDB_DB: 'lab', INFLUXDB_USER: 'labwire', INFLUXDB_READ_USER: 'grafana' });
    for (const url of [...text('compose/config/labwire.yaml').matchAll(/url: \w+:\/\/([\w-]+):/g)].map(
      ([, host]) => host,
    ))
      expect(Object.keys(services)).toContain(url);
    expect(services.labwire?.volumes).toContain('./config:/etc/labwire:ro');
    expect(configuration?.journal.path).toBe('/var/lib/labwire/journal.db');
  });

  it('makes dashboards that Grafana finds, with a data source whose password it has', async () => {
    const command = services.dashboards?.command ?? [];
    const where = command.at(-1) ?? '';
    expect(services.grafana?.volumes).toContain(`grafana-labwire:${where}:ro`);
    expect(services.dashboards?.volumes).toContain(`grafana-labwire:${where}`);
    const out = join(folder, 'provisioning');
    const config = join(folder, 'labwire.yaml');
    copyFileSync(join(deploy, 'compose/config/labwire.yaml'), config);
    const args = command.map((word) => (word === where ? out : word === '/etc/labwire/labwire.yaml' ? config : word));
    const env = { PATH: process.env.PATH, ...environmentOf('dashboards') };
    await run(process.execPath, [CLI, ...args], { cwd: folder, env });
    const written = readdirSync(out, { recursive: true, encoding: 'utf8' }).sort();
    expect(written.filter((name) => /^dashboards\/.*\.json$/.test(name)).length).toBeGreaterThan(1);
    expect(written).toEqual(expect.arrayContaining(['provisioning/dashboards', 'provisioning/datasources']));
    expect(environmentOf('grafana').GF_PATHS_PROVISIONING).toBe(`${where}/provisioning`);
    const provisioning = written
      .filter((name) => name.endsWith('.yaml'))
      .map((name) => readFileSync(join(out, name), 'utf8'));
    const secrets = provisioning.flatMap((yaml) => [...yaml.matchAll(/\$\{(\w+)\}/g)].map(([, name = '']) => name));
    expect(secrets).toEqual(['LABWIRE_INFLUX_PASSWORD']);
    expect(environmentOf('grafana')).toMatchObject({ LABWIRE_INFLUX_PASSWORD: 'GRAFANA_INFLUX_PASSWORD' });
    expect(environmentOf('influxdb')).toMatchObject({ INFLUXDB_READ_USER_PASSWORD: 'GRAFANA_INFLUX_PASSWORD' });
    const [provider] = provisioning.flatMap((yaml) => parse(yaml).providers ?? []);
    expect(provider.options.path.replace(out, where)).toBe(`${where}/dashboards`);
    const [source_] = provisioning.flatMap((yaml) => parse(yaml).datasources ?? []);
    expect(source_).toMatchObject({ url: 'http://influxdb:8086', user: 'grafana', jsonData: { dbName: 'lab' } });
  });
});

interface Instruction {
  readonly name: string;
  readonly value: string;
}

/** The instructions of a Dockerfile, continued lines joined, comments left out. */
function instructionsOf(dockerfile: string): Instruction[] {
  const joined = dockerfile.replaceAll(/^#.*\n/gm, '').replaceAll(/\\\n\s*/g, '');
  const lines = joined.split('\n').filter((line) => line.trim() !== '');
  return lines.map((line) => ({ name: line.split(' ')[0] ?? '', value: line.split(' ').slice(1).join(' ') }));
}

describe('the Dockerfile', () => {
  const instructions = instructionsOf(text('docker/Dockerfile'));
  const of = (name: string): string[] => instructions.filter((line) => line.name === name).map(({ value }) => value);
  const lastStage = instructions.slice(instructions.findLastIndex(({ name }) => name === 'FROM'));

  it('has instructions only that there are, and fetches nothing by ADD', () => {
    const known = 'FROM WORKDIR COPY RUN ENV USER VOLUME HEALTHCHECK ENTRYPOINT CMD'.split(' ');
    expect(instructions.map(({ name }) => name).filter((name) => !known.includes(name))).toEqual([]);
  });

  it('builds on pinned images, of one version, for every architecture', () => {
    const bases = of('FROM').map((value) => value.split(' ')[0]);
    expect(bases).toEqual([
      expect.stringMatching(/^node:\d+\.\d+\.\d+-bookworm$/),
      expect.stringMatching(/^node:\d+\.\d+\.\d+-bookworm-slim$/),
    ]);
    expect(`${bases[0]}-slim`).toBe(bases[1]);
    expect(text('docker/Dockerfile').replaceAll(/^#.*$/gm, '')).not.toMatch(/amd64|arm64|x86|--platform/);
  });

  it('runs as a user that is not root and is in dialout', () => {
    expect(of('USER')).toEqual(['node']);
    expect(lastStage.findIndex(({ name }) => name === 'USER')).toBeLessThan(
      lastStage.findIndex(({ name }) => name === 'ENTRYPOINT'),
    );
    expect(of('RUN').join()).toContain('usermod --append --groups dialout node');
  });

  it('leaves what only the build needs behind', () => {
    const copied = lastStage.filter(({ name }) => name === 'COPY').map(({ value }) => value);
    expect(copied.every((value) => value.startsWith('--from=build /build/'))).toBe(true);
    expect(of('RUN').join()).toContain('npm prune --omit=dev');
  });

  it('copies what there is, what its ignore file lets through, and what the build needs', () => {
    const copied = instructions
      .filter(({ name, value }) => name === 'COPY' && !value.startsWith('--from'))
      .flatMap(({ value }) => value.split(' ').slice(0, -1));
    const let_ = text('docker/Dockerfile.dockerignore')
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'));
    expect(let_[0]).toBe('*');
    expect(let_.slice(1).sort()).toEqual(copied.map((name) => `!${name}`).sort());
    for (const name of copied) expect(existsSync(join(project, name)), name).toBe(true);
    const { include } = JSON.parse(readFileSync(join(project, 'tsconfig.build.json'), 'utf8'));
    expect(copied).toEqual(expect.arrayContaining([...include, 'devices', 'package-lock.json']));
    // What is published beside the program, the program needs.
    const { bin } = JSON.parse(readFileSync(join(project, 'package.json'), 'utf8'));
    expect(of('ENTRYPOINT').map((value) => JSON.parse(value))).toEqual([['node', `/opt/labwire/${bin.labwire}`]]);
  });

  it('builds from what it copies, and runs on what its last stage holds', async () => {
    const [build, image] = [mkdtempSync(join(folder, 'build-')), mkdtempSync(join(folder, 'image-'))];
    const copied = instructions.filter(({ name, value }) => name === 'COPY' && !value.startsWith('--from'));
    for (const source of copied.flatMap(({ value }) => value.split(' ').slice(0, -1)))
      cpSync(join(project, source), join(build, source), { recursive: true });
    // In place of `npm ci`, which would compile for a minute.
    symlinkSync(join(project, 'node_modules'), join(build, 'node_modules'));
    await run('npm', ['run', 'build'], { cwd: build });
    for (const [, source = ''] of text('docker/Dockerfile').matchAll(/^COPY --from=build \/build\/(\S+)/gm))
      renameSync(join(build, source), join(image, source));
    const [, ...entry]: string[] = JSON.parse(of('ENTRYPOINT')[0] ?? '[]');
    const args = [...entry.map((word) => word.replace('/opt/labwire', image)), 'models', 'lakeshore-218', '--json'];
    const { stdout } = await run(process.execPath, args, { cwd: folder });
    expect(JSON.parse(stdout)).toMatchObject({ manufacturer: 'Lake Shore' });
  });

  it.each([
    ['all is well', 200, 0],
    ['it is not', 503, 1],
  ])('has a health check that ends with the right status when %s', async (_, answer, status) => {
    const asked: (string | undefined)[] = [];
    const server = createServer((request, response) => {
      asked.push(request.url);
      response.writeHead(answer).end('{}');
    });
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    onTestFinished(() => void server.close());
    const { port } = server.address() as AddressInfo;
    expect(await healthCheck(`http://127.0.0.1:${port}/healthz`)).toBe(status);
    expect(asked).toEqual(['/healthz']);
    expect(of('ENV').join(' ')).toContain('LABWIRE_HEALTH_URL=http://127.0.0.1:8001/healthz');
  });

  it('has a health check that fails where nothing answers', async () => {
    expect(await healthCheck('http://127.0.0.1:9/healthz')).toBe(1);
  });

  async function healthCheck(url: string): Promise<number> {
    const [program, ...args]: string[] = JSON.parse(/CMD (\[.*\])$/.exec(of('HEALTHCHECK')[0] ?? '')?.[1] ?? '[]');
    expect(program).toBe('node');
    const env = { ...process.env, LABWIRE_HEALTH_URL: url };
    return run(process.execPath, args, { env }).then(
      () => 0,
      ({ code }) => code,
    );
  }
});

describe('the udev rules', () => {
  const lines = text('udev/60-labwire.rules').split('\n');
  const rules = lines.filter((line) => line !== '' && !line.startsWith('#'));
  /** Examples that a site takes over. */
  const examples = lines.filter((line) => /^#[A-Z]/.test(line)).map((line) => line.slice(1));

  it('are understood by udev itself, where it can tell', async () => {
    const help = await run('udevadm', ['--help']).then(
      ({ stdout }) => stdout,
      () => '',
    );
    // From systemd 254 on.
    if (/^ +verify/m.test(help)) await run('udevadm', ['verify', join(deploy, 'udev/60-labwire.rules')]);
    expect(faultsOf(rules)).toEqual([]);
  });

  it('have examples that are rules, too', () => {
    expect(examples).toHaveLength(2);
    expect(faultsOf(examples)).toEqual([]);
  });

  it('would be found faulty if they were', () => {
    expect(faultsOf(['ATTR{idVendor}="0403, MODE="0660"'])).toHaveLength(1);
    expect(faultsOf(['SUBSYSTEM="tty"'])).toHaveLength(1);
    expect(faultsOf(['GROUP=="dialout"'])).toHaveLength(1);
    expect(faultsOf(['GOTO="nowhere"'])).toHaveLength(1);
    expect(faultsOf(['NAMES=="x"'])).toHaveLength(1);
  });

  const device = { ACTION: 'add', SUBSYSTEM: 'tty', KERNEL: 'ttyUSB0' };

  it('give a serial port to dialout, and keep ModemManager from its adapter', () => {
    const set = apply(rules, { ...device, 'ATTRS{idVendor}': '0403' });
    expect(set).toMatchObject({ GROUP: 'dialout', MODE: '0660', 'ENV{ID_MM_DEVICE_IGNORE}': '1' });
    expect(apply(rules, { ...device, KERNEL: 'ttyACM1', 'ATTRS{idVendor}': '2341' })).toEqual(set);
    expect(apply(rules, { ...device, SUBSYSTEM: 'usb', KERNEL: '1-1.4', 'ATTRS{idVendor}': '0403' })).toEqual({
      'ENV{ID_MM_DEVICE_IGNORE}': '1',
    });
  });

  it('leave modems, consoles and what is unplugged alone', () => {
    expect(apply(rules, { ...device, 'ATTRS{idVendor}': '12d1' })).toEqual({ GROUP: 'dialout', MODE: '0660' });
    expect(apply(rules, { ...device, KERNEL: 'tty1' })).toEqual({});
    expect(apply(rules, { ...device, SUBSYSTEM: 'block' })).toEqual({});
    expect(apply(rules, { ...device, ACTION: 'remove', 'ATTRS{idVendor}': '0403' })).toEqual({});
  });

  it('shorten the latency of FTDI chips, and of nothing else', () => {
    const port = { ACTION: 'add', SUBSYSTEM: 'usb-serial', KERNEL: 'ttyUSB0' };
    expect(apply(rules, { ...port, DRIVER: 'ftdi_sio' })).toEqual({ 'ATTR{latency_timer}': '1' });
    expect(apply(rules, { ...port, DRIVER: 'ch341-uart' })).toEqual({});
  });

  it('name an adapter by its serial number, and by its place', () => {
    const all = lines
      .map((line) => (/^#[A-Z]/.test(line) ? line.slice(1) : line))
      .filter((line) => /^[A-Z]/.test(line));
    const ftdi = { ...device, 'ATTRS{idVendor}': '0403', 'ATTRS{idProduct}': '6001', 'ATTRS{serial}': 'A5069RR4' };
    expect(apply(all, ftdi)).toMatchObject({ SYMLINK: 'lab/cryostat' });
    expect(apply(all, { ...device, SUBSYSTEMS: 'usb', KERNELS: '1-1.4' })).toMatchObject({ SYMLINK: 'lab/balance' });
  });
});

/** Keys of udev(7) that match, and that are assigned. */
const MATCHED = /^(ACTION|KERNELS?|SUBSYSTEMS?|DRIVERS?|ATTRS?\{[\w/]+\}|ENV\{\w+\}|TAGS?)$/;
const ASSIGNED = /^(GROUP|OWNER|MODE|SYMLINK|ATTR\{[\w/]+\}|ENV\{\w+\}|TAG|GOTO|LABEL)$/;
const PAIR = /^([A-Z]+(?:\{[\w/]+\})?)(==|!=|\+=|:=|=)"([^"]*)"$/;

/** A rule's pairs; undefined where it is none. */
function pairsOf(rule: string): { key: string; operator: string; value: string }[] | undefined {
  const pairs = rule.split(/,\s*(?=[A-Z])/).map((pair) => PAIR.exec(pair.trim()));
  if (pairs.includes(null)) return undefined;
  return pairs.map((match) => ({ key: match?.[1] ?? '', operator: match?.[2] ?? '', value: match?.[3] ?? '' }));
}

function faultsOf(rules: readonly string[]): string[] {
  const labels = rules.flatMap((rule) => pairsOf(rule)?.filter(({ key }) => key === 'LABEL') ?? []);
  return rules.flatMap((rule) => {
    const pairs = pairsOf(rule);
    if (!pairs) return [`no rule: ${rule}`];
    return pairs.flatMap(({ key, operator, value }) => {
      const compares = operator === '==' || operator === '!=';
      if (!(compares ? MATCHED : ASSIGNED).test(key)) return [`${key}${operator} in ${rule}`];
      if (key === 'GOTO' && !labels.some((label) => label.value === value)) return [`no label ${value}`];
      return [];
    });
  });
}

/** What the rules set for a device, by its own properties and, under the plural keys, those of a parent. */
function apply(rules: readonly string[], device: Readonly<Record<string, string>>): Record<string, string> {
  const set: Record<string, string> = {};
  let until: string | undefined;
  for (const rule of rules) {
    const pairs = pairsOf(rule) ?? [];
    if (until !== undefined && !pairs.some(({ key, value }) => key === 'LABEL' && value === until)) continue;
    until = undefined;
    const matches = pairs.every(({ key, operator, value }) => {
      if (operator !== '==' && operator !== '!=') return true;
      const is = globs(value).some((glob) => glob.test(device[key] ?? ''));
      return operator === '==' ? is : !is;
    });
    if (!matches) continue;
    for (const { key, operator, value } of pairs) {
      if (operator === '==' || operator === '!=' || key === 'LABEL') continue;
      if (key === 'GOTO') until = value;
      else set[key] = value;
    }
  }
  return set;
}

function globs(patterns: string): RegExp[] {
  return patterns
    .split('|')
    .map((glob) => new RegExp(`^${glob.replaceAll(/[.+^$()]/g, '\\$&').replaceAll('*', '.*')}$`));
}

describe('the Telegraf configuration', () => {
  interface Consumer {
    readonly topics: readonly string[];
    readonly topic_parsing: readonly { readonly topic: string; readonly tags: string }[];
    readonly json_v2: readonly [{ readonly object: readonly [JsonObject] }];
    readonly data_format: string;
    readonly persistent_session: boolean;
    readonly client_id: string;
    readonly qos: number;
    readonly username: string;
  }
  interface JsonObject {
    readonly path: string;
    readonly included_keys: readonly string[];
    readonly tags: readonly string[];
    readonly timestamp_key: string;
    readonly timestamp_format: string;
  }
  const source = text('telegraf/labwire.conf');
  // biome-ignore lint/suspicious/noExplicitAny: whatever the file holds is what is looked at.
  const toml = parseToml(source) as any;
  const consumer: Consumer = toml.inputs.mqtt_consumer[0];
  const [parser] = consumer.json_v2[0].object;

  /** `_/gateway/device/_/channel` over a topic, as Telegraf takes tags from it. */
  function tagsOf(topic: string): Record<string, string> | undefined {
    const levels = topic.split('/');
    const found = consumer.topic_parsing.find(({ topic: filter }) => {
      const wanted = filter.split('/');
      return wanted.length === levels.length && wanted.every((level, i) => level === '+' || level === levels[i]);
    });
    const names = found?.tags.split('/');
    if (!names || names.length !== levels.length) return undefined;
    return Object.fromEntries(names.map((name, i) => [name, levels[i] ?? '']).filter(([name]) => name !== '_'));
  }

  /** A payload as the JSON parser hands it to the processor: `null` makes no field. */
  function fieldsOf(payload: string): Record<string, unknown> {
    const { timestamp_key, tags, included_keys } = parser;
    const entries = Object.entries(JSON.parse(payload)).filter(([, value]) => value !== null);
    const kept = entries.filter(([key]) => included_keys.includes(key));
    return Object.fromEntries(kept.filter(([key]) => key !== timestamp_key && !tags.includes(key)));
  }

  /** By the very program: Starlark, of which what is used here is Python, but for the names of types. */
  async function processed(fields: Record<string, unknown>): Promise<unknown> {
    const program = `import json, sys
class Metric:
    def __init__(self, fields): self.fields = fields
names = {float: 'float', int: 'int', str: 'string', bool: 'bool'}
scope = {'type': lambda value: names[type(value)]}
exec(sys.argv[1], scope)
# Telegraf's parser makes a float of every number.
fields = {key: float(value) if type(value) is int else value for key, value in json.loads(sys.argv[2]).items()}
print(json.dumps(scope['apply'](Metric(fields)).fields))`;
    const { stdout } = await run('/usr/bin/python3', [
      '-c',
      program,
      toml.processors.starlark[0].source,
      JSON.stringify(fields),
    ]);
    return JSON.parse(stdout);
  }

  it('subscribes to readings, live and made good, and takes gateway, device and channel from each topic', () => {
    expect(consumer.topics).toEqual(consumer.topic_parsing.map(({ topic }) => topic));
    const tags = { gateway: 'lab_a', device: 'cryostat', channel: 'stage1' };
    expect(tagsOf('labwire/lab_a/cryostat/channels/stage1')).toEqual(tags);
    expect(tagsOf('labwire/lab_a/cryostat/backfill/stage1')).toEqual(tags);
    for (const topic of ['labwire/lab_a/status', 'labwire/lab_a/cryostat/status', 'labwire/lab_a/cryostat/settings/a'])
      expect(tagsOf(topic)).toBeUndefined();
  });

  it('has a session of its own, so that the broker keeps what comes while it is away', () => {
    expect(consumer).toMatchObject({ qos: 1, persistent_session: true, username: 'reader', data_format: 'json_v2' });
    expect(consumer.client_id).not.toBe('');
  });

  it('reads the time of a reading to the microsecond', () => {
    expect(parser).toMatchObject({ path: '@this', timestamp_key: 'time' });
    expect(parser.included_keys).toContain(parser.timestamp_key);
    // Go's reference time in the form of RFC 3339.
    expect(parser.timestamp_format).toBe('2006-01-02T15:04:05Z07:00');
  });

  it('writes each kind of value into a field of its own, and the quality always', async () => {
    const time = '"time":"2026-11-24T03:40:00.123456Z"';
    const cases: [payload: string, fields: unknown][] = [
      [`{"value":4.213,"unit":"K",${time},"quality":"good"}`, { value: 4.213, quality: 0 }],
      [`{"value":4,${time},"quality":"good","historical":true}`, { value: 4, quality: 0 }],
      [`{"value":"auto",${time},"quality":"good"}`, { text: 'auto', quality: 0 }],
      [`{"value":true,${time},"quality":"good"}`, { flag: true, quality: 0 }],
      [
        `{"value":9.9,"unit":"K",${time},"quality":"uncertain","reason":"drift"}`,
        { value: 9.9, quality: 1, reason: 'drift' },
      ],
      [`{"value":null,"unit":"K",${time},"quality":"bad","reason":"stale"}`, { quality: 2, reason: 'stale' }],
    ];
    for (const [payload, fields] of cases) expect(await processed(fieldsOf(payload)), payload).toEqual(fields);
  });

  it('holds no password', () => {
    const values = [...source.matchAll(/^ *(password|token) = "(.*)"$/gm)].map(([, , value]) => value);
    expect(values).toHaveLength(2);
    for (const value of values) expect(value).toMatch(/^\$\{\w+\}$/);
  });
});

describe('the guide', () => {
  it('installs files that there are, where they say that they belong', () => {
    const installed = [...guide.matchAll(/install (?:--owner=\w+ )?--mode=\d+ "\$from\/(\S+)" (\S+)/g)];
    expect(installed.map(([, from]) => from)).toEqual([
      'systemd/labwire.service',
      'udev/60-labwire.rules',
      'mosquitto/mosquitto.conf',
      'mosquitto/labwire.acl',
      'telegraf/labwire.conf',
    ]);
    for (const [, from = '', to = ''] of installed) expect(text(from), from).toContain(to);
  });

  it('makes the users that the access rules of the broker know', () => {
    const [, users = ''] = /for user in (.*?);/.exec(guide) ?? [];
    const known = [...text('mosquitto/labwire.acl').matchAll(/^user (\w+)$/gm)].map(([, user]) => user);
    expect(users.split(' ')).toEqual(['lab_a', ...known]);
  });
});
