import { chmodSync, chownSync, mkdirSync, readFileSync, realpathSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { blocksOf } from '../integration/document-blocks.ts';
import { type Service, startMosquitto } from '../integration/services.ts';
import { CLI, eventually, Folder, labwire, type Running } from './labwire-process.ts';
import { shown, Terminal } from './terminal.ts';

const page = blocksOf('docs/troubleshooting.md').filter(({ language }) => language === 'output');
const folder = new Folder();
const tty = folder.file('ttyLS218');
const terminals: Terminal[] = [];
let simulator: Running;
let broker: Service | undefined;

beforeAll(async () => {
  simulator = labwire('simulate', 'lakeshore-218', '--pty', tty);
  await simulator.until('stdout', /Ctrl-C ends it/);
  // Another user comes in, too.
  chmodSync(folder.path, 0o755);
});
afterEach(async () => {
  await Promise.all(terminals.splice(0).map((terminal) => terminal.interrupt()));
});
afterAll(async () => {
  await Promise.all([simulator.stop(), broker?.stop()]);
  folder.remove();
});

const device = (path = tty): string => `devices:
  cryostat:
    model: lakeshore-218
    port: { path: ${path} }
`;
const anyPort = 'server: { port: 0 }\n';

/** A configuration in a folder of its own; gives its file. */
function site(name: string, text: string): string {
  mkdirSync(folder.file(name), { recursive: true });
  return folder.write(`${name}/labwire.yaml`, text);
}

/** `labwire run` on a terminal. */
function run(configuration: string, prefix: readonly string[] = []): Terminal {
  const command = `${process.execPath} ${CLI} run --config ${configuration}`;
  const terminal = new Terminal(command, { cwd: folder.path, env: process.env, prefix });
  terminals.push(terminal);
  return terminal;
}

/** Waits until the terminal shows what the page shows for a mistake. */
async function expectShown(terminal: Terminal, mistake: string): Promise<void> {
  const text = page.find(({ words }) => words.get('mistake') === mistake)?.text ?? `nothing on ${mistake}`;
  await eventually(() => shown(text).test(terminal.text)).catch(() => expect(terminal.text).toMatch(shown(text)));
}

const runs = async (terminal: Terminal): Promise<string> => {
  await eventually(() => /runs 1 device/.test(terminal.text));
  return /127\.0\.0\.1:(\d+)/.exec(terminal.text)?.[1] ?? '';
};

describe('docs/troubleshooting.md shows what a person sees who', () => {
  it('has plugged the sensor into another port', async () => {
    const file = site('port', anyPort + device(folder.file('ttyOther')));
    const terminal = run(file);
    await expectShown(terminal, 'port');
    folder.write('port/labwire.yaml', `mqtt: { embedded: { port: 0 } }\n${anyPort}${device()}`);
    await eventually(() => /configuration applied/.test(terminal.text));
  });

  it('lacks the right to open it', async () => {
    const [pts, other] = [realpathSync(tty), folder.file('denied')];
    mkdirSync(other);
    // Who is root may do everything, and becomes nobody; another one shuts himself out, and leaves it to the group.
    const isRoot = process.getuid?.() === 0;
    chmodSync(pts, isRoot ? 0o660 : 0o060);
    if (isRoot) {
      chownSync(pts, 0, Number(/^dialout:[^:]*:(\d+):/m.exec(readFileSync('/etc/group', 'utf8'))?.[1]));
      chownSync(other, 65_534, 65_534);
    }
    try {
      const nobody = isRoot ? ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'] : [];
      await expectShown(run(site('denied', anyPort + device()), nobody), 'dialout');
    } finally {
      chmodSync(pts, 0o620);
    }
  });

  it('lets two gateways have one port, one journal or one address', async () => {
    const first = run(site('first', anyPort + device()));
    const port = await runs(first);
    await expectShown(run(site('second', anyPort + device())), 'two-gateways');
    // A disk may be slow to open a journal: the first gateway has it once it says so, and another one may run on without.
    const journal = async (): Promise<string> => (await fetch(`http://127.0.0.1:${port}/healthz`)).text();
    await eventually(async () => JSON.parse(await journal()).journal.state === 'ok');
    let again = run(site('first', anyPort + device()));
    while (await Promise.race([runs(again).then(() => true), expectShown(again, 'journal').then(() => false)])) {
      await again.interrupt();
      again = run(site('first', anyPort + device()));
    }
    await expectShown(run(site('third', `server: { port: ${port} }\n`)), 'server');
  });

  it('loses the broker', async () => {
    broker = await startMosquitto();
    const terminal = run(site('broker', `mqtt: { url: ${broker.url} }\n${anyPort}${device()}`));
    await eventually(() => /Connected to the broker/.test(terminal.text));
    await broker.kill('SIGKILL');
    await expectShown(terminal, 'broker');
    await broker.start();
    await eventually(() => (terminal.text.match(/Connected to the broker/g) ?? []).length === 2);
  });

  it('mistypes a key', async () => {
    const terminal = run(site('key', device().replace('port:', 'prot:')));
    await expectShown(terminal, 'key');
  });

  it('makes any mistake that is on the page', () => {
    const tested = ['port', 'dialout', 'two-gateways', 'broker', 'key', 'journal', 'server'];
    expect(page.map(({ words }) => words.get('mistake'))).toEqual(tested);
  });
});
