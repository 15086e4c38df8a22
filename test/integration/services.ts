import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import mqtt from 'mqtt';

const run = promisify(execFile);
/** Both for a test that fails only: the machine may be slow, and have other things to do. */
const READY_LIMIT_MS = 60_000;
const MESSAGE_LIMIT_MS = 60_000;

/** A real server on a loopback port of its own, its files in a folder of its own. */
export interface Service {
  readonly port: number;
  readonly url: string;
  /** SIGTERM, or `SIGKILL`; resolves when the process is gone. The files and the port stay for `start()`. */
  kill(signal?: NodeJS.Signals): Promise<void>;
  /** Stops it answering, its connections left open. */
  pause(): void;
  /** Lets it go on after a `pause()`. */
  resume(): void;
  start(): Promise<void>;
  restart(): Promise<void>;
  /** Ends it and removes its files. */
  stop(): Promise<void>;
}

export interface MosquittoOptions {
  /** Only this user may connect. */
  readonly user?: { readonly name: string; readonly password: string };
  /** Lines of an access control file; what they do not permit is denied. */
  readonly acl?: readonly string[];
  /** Further lines for its listener, e.g. of TLS. */
  readonly listener?: readonly string[];
  /** Whether retained messages and sessions outlive it, default true. */
  readonly persistent?: boolean;
  /** Default `mqtt`. */
  readonly scheme?: 'mqtt' | 'mqtts' | 'ws';
}

/** Starts Mosquitto, which keeps retained messages over a restart, and every message for its subscribers. */
export async function startMosquitto(options: MosquittoOptions = {}): Promise<Service> {
  const port = await freePort();
  const folder = await mkdtemp(join(tmpdir(), 'labwire-mosquitto-'));
  const lines = [
    `listener ${port} 127.0.0.1`,
    ...(options.listener ?? []),
    `allow_anonymous ${options.user ? 'false' : 'true'}`,
    'max_queued_messages 0',
    // Started by root, Mosquitto would become a user that cannot read the folder.
    ...(process.getuid?.() === 0 ? ['user root'] : []),
    `persistence ${options.persistent !== false}`,
    `persistence_location ${folder}/`,
  ];
  if (options.acl) {
    const file = join(folder, 'acl');
    await writeFile(file, `${options.acl.join('\n')}\n`);
    lines.push(`acl_file ${file}`);
  }
  if (options.user) {
    const file = join(folder, 'passwords');
    await run('mosquitto_passwd', ['-b', '-c', file, options.user.name, options.user.password], { env: withSbin() });
    lines.push(`password_file ${file}`);
  }
  const file = join(folder, 'mosquitto.conf');
  await writeFile(file, `${lines.join('\n')}\n`);
  return service({
    port,
    url: `${options.scheme ?? 'mqtt'}://127.0.0.1:${port}`,
    folder,
    spawn: () => spawn('mosquitto', ['-c', file], { stdio: 'ignore', env: withSbin() }),
    ready: () => answers(port),
  });
}

export interface Influx extends Service {
  /** The rows of the first series of the answer, each as an object by column. */
  query(text: string, database?: string): Promise<Record<string, unknown>[]>;
}

export interface InfluxOptions {
  /** Demands a user: an admin of this name is made. */
  readonly user?: { readonly name: string; readonly password: string };
}

/** Starts InfluxDB 1. */
export async function startInflux(options: InfluxOptions = {}): Promise<Influx> {
  const [port, rpcPort] = [await freePort(), await freePort()];
  const folder = await mkdtemp(join(tmpdir(), 'labwire-influx-'));
  const file = join(folder, 'influxdb.conf');
  const configuration = [
    'reporting-disabled = true',
    `bind-address = "127.0.0.1:${rpcPort}"`,
    `[meta]\ndir = "${folder}/meta"`,
    `[data]\ndir = "${folder}/data"\nwal-dir = "${folder}/wal"\nquery-log-enabled = false`,
    `[http]\nbind-address = "127.0.0.1:${port}"\nlog-enabled = false\nauth-enabled = ${options.user !== undefined}`,
    '[monitor]\nstore-enabled = false',
    '[logging]\nlevel = "error"',
  ];
  await writeFile(file, `${configuration.join('\n')}\n`);
  const url = `http://127.0.0.1:${port}`;
  const started = await service({
    port,
    url,
    folder,
    spawn: () => spawn('influxd', ['-config', file], { stdio: 'ignore', env: withSbin() }),
    ready: async () => (await fetch(`${url}/ping`).catch(() => undefined))?.status === 204,
  });
  const query = async (text: string, database = ''): Promise<Record<string, unknown>[]> => {
    const user = options.user ? { u: options.user.name, p: options.user.password } : {};
    const body = new URLSearchParams({ q: text, db: database, epoch: 'ns', ...user });
    const answer = (await (await fetch(`${url}/query`, { method: 'POST', body })).json()) as {
      error?: string;
      results?: { error?: string; series?: { columns: string[]; values: unknown[][] }[] }[];
    };
    const error = answer.error ?? answer.results?.[0]?.error;
    if (error) throw new Error(error);
    const series = answer.results?.[0]?.series?.[0];
    return (series?.values ?? []).map((row) =>
      Object.fromEntries(series?.columns.map((name, i) => [name, row[i]]) ?? []),
    );
  };
  if (options.user)
    await query(`CREATE USER "${options.user.name}" WITH PASSWORD '${options.user.password}' WITH ALL PRIVILEGES`);
  return { ...started, query };
}

/** `raw` passes the bytes as they are, `rfc2217` lets a client set the line. */
export type Ser2netMode = 'raw' | 'rfc2217';

/** Starts ser2net 4 in front of a serial device; it serves one client at a time. */
export async function startSer2net(device: string, mode: Ser2netMode): Promise<Service> {
  const port = await freePort();
  const folder = await mkdtemp(join(tmpdir(), 'labwire-ser2net-'));
  const file = join(folder, 'ser2net.yaml');
  const accepter = `${mode === 'raw' ? '' : 'telnet(rfc2217),'}tcp,127.0.0.1,${port}`;
  await writeFile(file, `connection: &port\n  accepter: ${accepter}\n  connector: serialdev,${device},9600n81,local\n`);
  return service({
    port,
    url: `${mode === 'raw' ? 'tcp' : 'rfc2217'}://127.0.0.1:${port}`,
    folder,
    // In the foreground; `-P` keeps it from writing below /run.
    spawn: () => spawn('ser2net', ['-d', '-c', file, '-P', join(folder, 'pid')], { stdio: 'ignore', env: withSbin() }),
    ready: () => listens(port),
  });
}

export interface Received {
  readonly topic: string;
  readonly payload: string;
  readonly retained: boolean;
}

export interface Subscription {
  readonly messages: Received[];
  /** Resolves when the condition holds for the messages so far; the limit is for a test that fails. */
  until(condition: (messages: Received[]) => boolean, limitMs?: number): Promise<void>;
  stop(): Promise<void>;
}

/** `mosquitto_sub`: what a foreign client sees. Resolves when it is subscribed. */
export async function subscribe(
  broker: Pick<Service, 'port' | 'url'>,
  filter: string,
  more: readonly string[] = [],
): Promise<Subscription> {
  const child = spawn(
    'stdbuf',
    [
      '-oL',
      'mosquitto_sub',
      '-h',
      '127.0.0.1',
      '-p',
      String(broker.port),
      '-q',
      '1',
      '-d',
      '-t',
      filter,
      '-F',
      '%r\t%t\t%p',
      ...more,
    ],
    { stdio: ['ignore', 'pipe', 'ignore'] },
  );
  const messages: Received[] = [];
  const waiting = new Set<() => void>();
  let rest = '';
  let subscribed = (): void => {};
  const ready = new Promise<void>((resolve, reject) => {
    const timer = setTimeout(() => {
      child.kill('SIGKILL');
      reject(new Error(`mosquitto_sub does not subscribe to ${broker.url}`));
    }, READY_LIMIT_MS);
    subscribed = () => {
      clearTimeout(timer);
      resolve();
    };
  });
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      const [retained, topic, ...payload] = line.split('\t');
      if (topic !== undefined) messages.push({ topic, payload: payload.join('\t'), retained: retained === '1' });
      else if (line.startsWith('Subscribed')) subscribed();
    }
    for (const check of waiting) check();
  });
  await ready;
  return {
    messages,
    until: (condition, limitMs = MESSAGE_LIMIT_MS) =>
      new Promise((resolve, reject) => {
        const timer = setTimeout(() => {
          waiting.delete(check);
          reject(new Error(`Not within ${limitMs} ms; the last messages: ${JSON.stringify(messages.slice(-5))}`));
        }, limitMs);
        const check = (): void => {
          if (!condition(messages)) return;
          clearTimeout(timer);
          waiting.delete(check);
          resolve();
        };
        waiting.add(check);
        check();
      }),
    // Its own handler of a signal may wait for ever for a lock that the interrupted code holds.
    stop: () => end(child, 'SIGKILL'),
  };
}

/** Of what topics a new subscriber gets a retained message. */
export async function retainedTopics(broker: Pick<Service, 'port' | 'url'>, filter = 'labwire/#'): Promise<string[]> {
  const probe = 'probe';
  const late = await subscribe(broker, filter, ['-t', probe]);
  const client = await mqtt.connectAsync(broker.url);
  await client.publishAsync(probe, '');
  // It comes behind all that the broker held at the subscription.
  await late.until((messages) => messages.some(({ topic }) => topic === probe));
  await Promise.all([late.stop(), client.endAsync()]);
  return late.messages.filter(({ retained }) => retained).map(({ topic }) => topic);
}

async function service(options: {
  port: number;
  url: string;
  folder: string;
  spawn: () => ChildProcess;
  ready: () => Promise<boolean>;
}): Promise<Service> {
  let child: ChildProcess;
  const start = async (): Promise<void> => {
    child = options.spawn();
    const limit = performance.now() + READY_LIMIT_MS;
    while (!(await options.ready())) {
      if (child.exitCode !== null || performance.now() > limit) throw new Error(`${options.url} does not start`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  };
  const kill = (signal: NodeJS.Signals = 'SIGTERM'): Promise<void> => end(child, signal);
  await start();
  return {
    port: options.port,
    url: options.url,
    kill,
    pause: () => void child.kill('SIGSTOP'),
    resume: () => void child.kill('SIGCONT'),
    start,
    restart: async () => {
      await kill();
      await start();
    },
    stop: async () => {
      await kill('SIGKILL');
      await rm(options.folder, { recursive: true, force: true });
    },
  };
}

function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  return new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) return resolve();
    child.once('exit', () => resolve());
    child.kill(signal);
  });
}

/** Debian puts servers where only root's PATH looks. */
function withSbin(): NodeJS.ProcessEnv {
  return { ...process.env, PATH: `${process.env.PATH}:/usr/sbin:/usr/local/sbin` };
}

/** Below those that Linux gives to whoever asks for any port, and to each connection that goes out. */
const PORTS = { first: 10_000, blocks: 220, size: 100 };
let taken = 0;

/**
 * A port that nobody listens on, for a server that comes later, or goes and comes again: the system gives it to nobody else
 * meanwhile, and another process of tests takes its own from another block.
 */
export async function freePort(): Promise<number> {
  for (let tries = 0; tries < PORTS.size; tries++) {
    const port = PORTS.first + (process.pid % PORTS.blocks) * PORTS.size + (taken++ % PORTS.size);
    if (await isFree(port)) return port;
  }
  throw new Error('No port is free');
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}

/** Told by Linux, without a connection: that would take the place of a server's one client. */
async function listens(port: number): Promise<boolean> {
  const address = `0100007F:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  const LISTEN = '0A';
  const sockets = (await readFile('/proc/net/tcp', 'utf8')).split('\n').map((line) => line.trim().split(/\s+/));
  return sockets.some(([, local, , state]) => local === address && state === LISTEN);
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}
