import { readFileSync } from 'node:fs';
import { afterAll, expect, it } from 'vitest';
import { LakeShore218Emulator, serveEmulator } from '../../mocks/index.ts';
import { readTranscript } from '../../src/index.ts';
import { Folder, labwire } from './labwire-process.ts';

const folder = new Folder();
afterAll(() => folder.remove());

it('shows the traffic of a device of a running gateway, records it, and ends with Ctrl-C', async () => {
  const config = folder.write(
    'labwire.yaml',
    'server: { port: 0 }\ndevices:\n  cryostat: { model: lakeshore-218, port: { emulated: true } }\n',
  );
  const gateway = labwire('run', '--config', config);
  try {
    const [, url = ''] = await gateway.until('stderr', /(http:\/\/127\.0\.0\.1:\d+)\/healthz/);
    const file = folder.file('session.jsonl');
    const monitor = labwire('monitor', 'cryostat', '--url', url, '--record', file);
    await monitor.until('stdout', /→ {2}4b 52 44 47 3f 20 30 0d 0a {24}KRDG\? 0\\r\\n\n.*← {2}2b/);
    await monitor.until('stdout', /= {2}\+\d{3}\.\d{3},.*\n/);
    const ended = await monitor.stop('SIGINT');
    expect(ended).toMatchObject({ status: 0, stderr: '' });
    const said = readTranscript(readFileSync(file, 'utf8')).entries.map(({ dir, bytes }) => `${dir} ${bytes}`);
    expect(said.slice(0, 2)).toEqual(['tx *IDN?\r\n', 'rx LSCI,MODEL218S,LSA0042,1.3\r\n']);
  } finally {
    await gateway.stop();
  }
});

it('opens a free port, and leaves it free', async () => {
  const path = folder.file('tty218');
  const config = folder.write('free.yaml', 'server: { port: 0 }\n');
  const served = await serveEmulator(() => new LakeShore218Emulator(), { pty: path });
  try {
    for (let times = 0; times < 2; times++) {
      const monitor = labwire('monitor', path, '--model', 'lakeshore-218', '--config', config);
      await monitor.until('stdout', /• {2}open\n/);
      const { status, stdout, milliseconds } = await monitor.stop('SIGINT');
      expect(stdout).toContain(`${path}, 9600 baud, 7-O-1, opening, opened by this command; Ctrl-C ends it`);
      expect(status).toBe(0);
      expect(milliseconds).toBeLessThan(3_000);
    }
  } finally {
    await served.stop();
  }
});

it.each([
  ['that is not there', ['/dev/nosuch'], 1, /PORT_ABSENT/],
  ['that nothing is called', ['constructor'], 2, /"constructor"/],
  ['of a gateway that is not there', ['meter', '--url', 'http://127.0.0.1:1'], 1, /GATEWAY_UNREACHABLE/],
])('ends by itself with a port %s', async (_what, args, status, message) => {
  const config = folder.write('none.yaml', 'server: { port: 0 }\n');
  const { ended } = labwire('monitor', ...args, '--config', config);
  expect(await ended).toMatchObject({ status, stderr: expect.stringMatching(message) });
});
