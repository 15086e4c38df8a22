import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { connectAsync, type MqttClient } from 'mqtt';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { parse } from 'yaml';
import { drivers, models } from '../../drivers/index.ts';
import { emulators } from '../../mocks/index.ts';
import { Gateway } from '../../src/gateway/index.ts';
import { eventually } from '../e2e/labwire-process.ts';
import { freePort, subscribe } from './services.ts';

const run = promisify(execFile);
const deploy = resolve(import.meta.dirname, '../../deploy');
/** Debian puts Mosquitto where only root's PATH looks. */
const env = { ...process.env, PATH: `${process.env.PATH}:/usr/sbin` };

/** Users and their passwords, made as compose.yaml makes them. */
const passwords = { GATEWAY_ID: 'lab_a', MQTT_PASSWORD: 'pa', READER_PASSWORD: 'pr', OPERATOR_PASSWORD: 'po' };
const users: Record<string, string> = { lab_a: 'pa', lab_b: 'pb', reader: 'pr', operator: 'po' };
const NOT_AUTHORISED = 135;

let folder: string;
let broker: { port: number; url: string };
let process_: ChildProcess;
let said = '';

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'labwire-deploy-mosquitto-'));
  const port = await freePort();
  broker = { port, url: `mqtt://127.0.0.1:${port}` };
  for (const name of ['conf.d', 'labwire', 'data']) mkdirSync(join(folder, name));
  await makeUsers();
  await run('mosquitto_passwd', ['-b', join(folder, 'labwire/passwords'), 'lab_b', 'pb'], { env });

  // The very files: only their folder and the port are others.
  const here = (text: string): string => text.replaceAll('/etc/mosquitto/', `${folder}/`);
  const conf = here(readFileSync(join(deploy, 'mosquitto/mosquitto.conf'), 'utf8'));
  writeFileSync(join(folder, 'conf.d/labwire.conf'), conf.replace(/^listener 1883$/m, `listener ${port} 127.0.0.1`));
  const compose = readFileSync(join(deploy, 'compose/mosquitto.conf'), 'utf8').replace('/mosquitto/data/', 'data/');
  // Started by root, Mosquitto would become a user that cannot read the folder.
  const user = process.getuid?.() === 0 ? 'user root\n' : '';
  // These stand in Debian's file, too.
  const debian = `pid_file ${folder}/pid\npersistence true\n`;
  const main = debian + user + compose.replace('include_dir /etc/mosquitto', `include_dir ${folder}`);
  writeFileSync(join(folder, 'mosquitto.conf'), main.replace('data/', `${folder}/data/`));

  process_ = spawn('stdbuf', ['-oL', 'mosquitto', '-c', join(folder, 'mosquitto.conf')], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env,
  });
  for (const stream of [process_.stdout, process_.stderr])
    stream?.setEncoding('utf8').on('data', (text) => {
      said += text;
    });
  await eventually(() => {
    if (process_.exitCode !== null) throw new Error(said);
    return / running$/m.test(said);
  });
});

afterAll(async () => {
  const ended = once(process_, 'exit');
  process_.kill();
  await ended;
  rmSync(folder, { recursive: true, force: true });
});

/** By the very commands of the one-shot service of compose.yaml. */
async function makeUsers(): Promise<void> {
  const { services } = parse(readFileSync(join(deploy, 'compose/compose.yaml'), 'utf8'), { merge: true });
  const { entrypoint, command } = services['mosquitto-users'];
  // Compose writes $$ for $. The user mosquitto is of the image.
  const script = command[0]
    .replaceAll('$$', '$')
    .replace('/etc/mosquitto/labwire', join(folder, 'labwire'))
    .replace('/labwire.acl', join(deploy, 'mosquitto/labwire.acl'));
  const [shell, ...options] = entrypoint;
  await run(shell, [...options, `chown() { [ "$*" = 'mosquitto:mosquitto . new acl' ]; }\n${script}`], {
    env: { ...env, ...passwords },
  });
}

async function client(username: string, password = users[username] ?? ''): Promise<MqttClient> {
  const connected = await connectAsync(broker.url, { username, password, protocolVersion: 5, reconnectPeriod: 0 });
  onTestFinished(() => connected.endAsync(true));
  return connected;
}

/** The reason that the broker gives; 0: it took it. */
async function publish(from: MqttClient, topic: string): Promise<number> {
  try {
    await from.publishAsync(topic, '{}', { qos: 1 });
    return 0;
  } catch (error) {
    return Number((error as { code?: number }).code);
  }
}

describe('Mosquitto with our configuration', () => {
  it('says nothing of mistakes in it', () => {
    const asRoot = /^.*should not be run as root.*$/m;
    expect(said.replace(asRoot, '')).not.toMatch(/error|warning|unknown|deprecated/i);
  });

  it.each([
    ['a wrong password', { username: 'lab_a', password: 'pb' }],
    ['an unknown user', { username: 'lab_c', password: 'pa' }],
    ['no user', {}],
  ])('refuses %s', async (_, who) => {
    const connecting = connectAsync(broker.url, { ...who, protocolVersion: 5, reconnectPeriod: 0 });
    await expect(connecting).rejects.toMatchObject({ code: NOT_AUTHORISED });
  });

  it('lets a gateway write into its own tree, and into no other', async () => {
    const gateway = await client('lab_a');
    expect(await publish(gateway, 'labwire/lab_a/status')).toBe(0);
    expect(await publish(gateway, 'labwire/lab_a/cryostat/channels/stage1')).toBe(0);
    for (const topic of ['labwire/lab_b/status', 'labwire/lab_b/oven/channels/t', 'labwire/status', 'other'])
      expect(await publish(gateway, topic), topic).toBe(NOT_AUTHORISED);
  });

  it('lets a gateway hear what is said to it, and nothing else', async () => {
    const gateway = await client('lab_a');
    const heard: string[] = [];
    gateway.on('message', (topic) => heard.push(topic));
    await gateway.subscribeAsync(['labwire/#', '#'], { qos: 1 });
    const [other, operator] = [await client('lab_b'), await client('operator')];
    expect(await publish(other, 'labwire/lab_b/oven/channels/t')).toBe(0);
    expect(await publish(operator, 'labwire/lab_b/oven/settings/interval/set')).toBe(0);
    expect(await publish(operator, 'labwire/lab_a/oven/settings/interval/set')).toBe(0);
    await eventually(() => heard.length > 0);
    expect(new Set(heard)).toEqual(new Set(['labwire/lab_a/oven/settings/interval/set']));
  });

  it('lets the reader read everything, and write nothing', async () => {
    const reader = await client('reader');
    const heard: string[] = [];
    reader.on('message', (topic) => heard.push(topic));
    await reader.subscribeAsync('labwire/#', { qos: 1 });
    const topics = ['labwire/lab_a/a/channels/t', 'labwire/lab_b/b/channels/t'];
    expect(await publish(await client('lab_a'), topics[0] ?? '')).toBe(0);
    expect(await publish(await client('lab_b'), topics[1] ?? '')).toBe(0);
    await eventually(() => heard.length === 2);
    expect(heard).toEqual(topics);
    // Nor below a tree that would be its own, if it were a gateway.
    for (const topic of [...topics, 'labwire/lab_a/a/settings/interval/set', 'labwire/reader/a/channels/t'])
      expect(await publish(reader, topic), topic).toBe(NOT_AUTHORISED);
  });

  it('lets the operator send requests, and pass for no gateway', async () => {
    const operator = await client('operator');
    for (const topic of ['settings/interval/set', 'channels/setpoint/set', 'tasks/acquire/set', 'commands/zero/call'])
      expect(await publish(operator, `labwire/lab_a/a/${topic}`), topic).toBe(0);
    for (const topic of ['lab_a/a/channels/t', 'lab_a/status', 'operator/a/channels/t', 'lab_a/a/settings/interval'])
      expect(await publish(operator, `labwire/${topic}`), topic).toBe(NOT_AUTHORISED);
  });

  it('has no limit for messages under way, as a gateway wants it', async () => {
    const gateway = await client('lab_a');
    // The client does not ask for less than the broker permits, which by default would be 20.
    const connected = new Promise<{ properties?: { receiveMaximum?: number } }>((done) =>
      gateway.once('connect', done),
    );
    gateway.reconnect();
    expect((await connected).properties?.receiveMaximum ?? 65_535).toBe(65_535);
  });

  it('lets with the lines for Home Assistant a gateway announce devices, and nobody else', async () => {
    const acl = readFileSync(join(deploy, 'mosquitto/labwire.acl'), 'utf8');
    writeFileSync(join(folder, 'labwire/acl'), acl.replaceAll(/^#(?=user|topic)/gm, ''));
    await run('mosquitto_passwd', ['-b', join(folder, 'labwire/passwords'), 'homeassistant', 'ph'], { env });
    process_.kill('SIGHUP');
    const announcement = 'homeassistant/device/labwire_lab_a_oven/config';
    const gateway = await client('lab_a');
    await eventually(async () => (await publish(gateway, announcement)) === 0);
    expect(await publish(gateway, 'homeassistant/status')).toBe(NOT_AUTHORISED);
    for (const other of ['lab_b', 'reader', 'operator'])
      expect(await publish(await client(other), announcement), other).toBe(NOT_AUTHORISED);
    const home = await client('homeassistant', 'ph');
    expect(await publish(home, 'homeassistant/status')).toBe(0);
    expect(await publish(home, 'labwire/lab_a/oven/channels/setpoint/set')).toBe(0);
    for (const topic of ['labwire/lab_a/oven/channels/t', 'labwire/homeassistant/oven/channels/t'])
      expect(await publish(home, topic), topic).toBe(NOT_AUTHORISED);
    const heard: string[] = [];
    home.on('message', (topic) => heard.push(topic));
    await home.subscribeAsync('homeassistant/#', { qos: 1 });
    expect(await publish(gateway, announcement)).toBe(0);
    await eventually(() => heard.includes(announcement));
  });

  it('serves a gateway, its readers and its operators', async () => {
    const mqtt = { url: broker.url, username: 'lab_a', password: 'pa' };
    const gateway = new Gateway(
      {
        gateway: { id: 'lab_a' },
        server: { port: 0 },
        mqtt,
        devices: { cryostat: { model: 'lakeshore-218', port: { emulated: true }, interval: 1 } },
      },
      { drivers, models: [models], emulators },
    );
    onTestFinished(() => gateway.stop());
    const seen = await subscribe(broker, 'labwire/lab_a/#', ['-u', 'reader', '-P', 'pr']);
    onTestFinished(() => seen.stop());
    await gateway.start();
    await seen.until((all) => all.some(({ topic }) => topic === 'labwire/lab_a/cryostat/channels/input1'));
    const operator = await client('operator');
    await operator.publishAsync('labwire/lab_a/cryostat/settings/interval/set', '2', { qos: 1 });
    await seen.until((all) => all.some(({ topic }) => topic === 'labwire/lab_a/cryostat/settings/interval/result'));
    const result = seen.messages.find(({ topic }) => topic.endsWith('/interval/result'));
    expect(JSON.parse(result?.payload ?? '')).toMatchObject({ ok: true, value: 2 });
    // At its end it takes leave by itself, and is not cut off for something that it must not do.
    await gateway.stop();
    await seen.until((all) => all.at(-1)?.topic === 'labwire/lab_a/status' && all.at(-1)?.payload === 'offline');
  });
});
