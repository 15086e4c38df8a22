import { readFileSync } from 'node:fs';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { drivers, models } from '../../drivers/index.ts';
import { type Emulator, LakeShore218Emulator, serveEmulator, transcriptEmulator } from '../../mocks/index.ts';
import { runCli } from '../../src/cli/program.ts';
import { type ConfigurationInput, Gateway, type RecordValues, readTranscript } from '../../src/index.ts';
import { recordingIo } from '../cli/recording-io.ts';
import { Folder } from '../e2e/labwire-process.ts';

const folder = new Folder();
afterAll(() => folder.remove());

const endings: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of endings.splice(0).reverse()) await end();
});

/** A gateway with one Lake Shore 218, and all that its driver records. */
async function monitored(port: { path: string } | { emulated: true }, emulator?: Emulator) {
  const samples: RecordValues[] = [];
  class Kept extends drivers.lakeshore {
    protected override record(values: RecordValues, at?: number): void {
      samples.push(values);
      super.record(values, at);
    }
  }
  const configuration: ConfigurationInput = {
    server: { port: 0 },
    // A question that is asked again, since the machine was busy, would be another session.
    devices: {
      cryostat: { model: 'lakeshore-218', port, interval: '200ms', timing: { firstByte: '30s', reply: '30s' } },
    },
  };
  const emulators = emulator ? { 'lakeshore-218': emulator } : {};
  const gateway = new Gateway(configuration, { drivers: { ...drivers, lakeshore: Kept }, models: [models], emulators });
  await gateway.start();
  endings.push(() => gateway.stop());
  const until = async (count: number): Promise<RecordValues[]> => {
    await expect.poll(() => samples.length, { interval: 5 }).toBeGreaterThanOrEqual(count);
    return samples.slice(0, count);
  };
  return { address: gateway.address as string, until };
}

describe('a session with an instrument on a real tty', () => {
  it('is recorded by labwire monitor, and replayed the driver reads the same samples', async () => {
    const instrument = new LakeShore218Emulator({ delayMs: 5, serialNumber: 'LSA7777' });
    const served = await serveEmulator(() => instrument, { pty: folder.file('tty218') });
    endings.push(() => served.stop());
    const real = await monitored({ path: folder.file('tty218') });
    const file = folder.file('session.jsonl');
    const io = recordingIo();
    const recorded = runCli(['monitor', 'cryostat', '--url', real.address, '--record', file], io);
    await real.until(2);
    instrument.input(1).kelvin = 5.5;
    instrument.input(3).status = 32;
    const said = await real.until(4);
    // Its identity, and nine questions each: with one more there is the answer to the last of them too.
    const asked = (): number =>
      readTranscript(readFileSync(file, 'utf8')).entries.filter(({ dir }) => dir === 'tx').length;
    await expect.poll(asked).toBeGreaterThan(1 + 4 * 9);
    io.stop();
    expect(await recorded).toBe(0);
    expect(new Set(said.map(({ input1 }) => input1))).toEqual(new Set([4.213, 5.5]));

    const transcript = readTranscript(readFileSync(file, 'utf8'));
    expect(transcript.serial).toMatchObject({ baudRate: 9600, dataBits: 7, parity: 'odd' });
    const replayed = await monitored({ emulated: true }, transcriptEmulator(transcript));
    expect(await replayed.until(4)).toEqual(said);
  });

  it('is a test for good once its transcript is kept', async () => {
    const text = readFileSync(new URL('../transcripts/lakeshore-218.jsonl', import.meta.url), 'utf8');
    const replay = transcriptEmulator(readTranscript(text), { immediately: true })();
    const { until } = await monitored({ emulated: true }, () => replay);
    expect(await until(2)).toEqual(Array(2).fill(expect.objectContaining({ input1: 4.213, input8: 295.4 })));
    expect(replay.unknown).toBe(0);
  });
});
