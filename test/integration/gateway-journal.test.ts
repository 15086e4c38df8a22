import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { FakeClock, silentLogger, systemClock } from '../../src/base/index.ts';
import { Gateway, Instrument, task } from '../../src/index.ts';
import { Folder } from '../e2e/labwire-process.ts';
import { thermometerModel, thermometerParts, withThermometer } from '../gateway/thermometer.ts';
import { PatientJournal } from '../journal/patient-journal.ts';
import { LogLines, until } from '../sinks/parts.ts';

const folder = new Folder();
const endings: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of endings.splice(0).reverse()) await end();
});

async function started(options: object): Promise<Gateway> {
  const gateway = new Gateway({ gateway: { id: 'lab' }, server: { port: 0 } }, { ...thermometerParts, ...options });
  await gateway.start();
  endings.push(() => gateway.stop());
  return gateway;
}

const health = async ({ address }: Gateway): Promise<object> => (await fetch(`${address}/healthz`)).json() as object;

/** With its journal open. By a clock that stands still no limit of the opening or the end strikes where the machine is busy. */
async function recording(journalFile: string): Promise<Gateway> {
  const gateway = await started({ journalFile, clock: new FakeClock(systemClock.now()) });
  await expect.poll(() => health(gateway)).toMatchObject({ ok: true, journal: { state: 'ok' } });
  return gateway;
}

describe("a gateway's journal", () => {
  it('says of itself at /healthz whether records reach the disk', async () => {
    await recording(folder.file('journal.db'));
  });

  it('is refused to a second gateway at its start, and free again after a stop', async () => {
    const journalFile = folder.file('journal.db');
    const first = await recording(journalFile);
    const second = async (): Promise<unknown> => {
      const gateway = await started({ journalFile }).catch(({ code }) => code);
      return gateway instanceof Gateway ? gateway.stop() : gateway;
    };
    await expect.poll(second).toBe('JOURNAL_BUSY');
    await first.stop();
    await recording(journalFile);
  });

  it('has what was said until the very end', async () => {
    const journalFile = folder.file('journal.db');
    await (await recording(journalFile)).stop();
    const limits = { maxSize: 2e9, maxAge: 1e12 };
    const journal = new PatientJournal({ path: journalFile, ...limits }, { clock: systemClock, log: silentLogger });
    await journal.open();
    const records = await journal.read(0, 100);
    await journal.close();
    const codes = records.map((record) => record.kind === 'event' && record.code);
    expect([codes.at(0), codes.at(-1)]).toEqual(['GATEWAY_STARTED', 'GATEWAY_STOPPED']);
  });
});

describe("a gateway whose journal's disk comes late", () => {
  it('forgets the sinks that were left out of its configuration before', async () => {
    const data = folder.file('late');
    const away = folder.file('away');
    const path = join(data, 'journal.db');
    const limits = { maxSize: 2e9, maxAge: 1e13 };
    const before = new PatientJournal({ path, ...limits }, { clock: systemClock, log: silentLogger });
    await before.open();
    before.offset('left-out');
    await before.close();
    renameSync(data, away);
    writeFileSync(data, '');
    const clock = new FakeClock(systemClock.now());
    const gateway = await started({ journalFile: path, clock });
    expect(await health(gateway)).toMatchObject({ journal: { state: 'degraded' } });
    rmSync(data);
    renameSync(away, data);
    const later = async (): Promise<object> => {
      await clock.advance(1000);
      return health(gateway);
    };
    await expect.poll(later).toMatchObject({ journal: { state: 'ok' } });
    await gateway.stop();
    const after = new PatientJournal({ path, ...limits }, { clock: systemClock, log: silentLogger });
    await after.open();
    expect(after.head).toBeGreaterThan(1e9);
    expect(after.sinks()).toEqual([]);
    await after.close();
  });
});

describe('a clock that is set while the gateway runs', () => {
  it('is told of once', async () => {
    const clock = new FakeClock();
    const log = new LogLines();
    await started({ clock, log });
    await clock.advance(2000);
    clock.stepWall(-3600);
    await clock.advance(5000);
    expect(log.lines.filter((line) => line.includes('The clock was set'))).toEqual([
      expect.stringMatching(/^warn The clock was set from \S+Z to \S+Z, 3600 s back\.$/),
    ]);
  });
});

/** Records samples that are dated as it is told, one after the other. */
class Dated extends Instrument {
  static dates: number[] = [];

  readonly acquire = task({ autostart: true }, async ({ signal }) => {
    for (const at of Dated.dates) this.record({ temperature: 1 }, at);
    await new Promise((_, reject) => signal.addEventListener('abort', reject));
  });
}

describe('samples that are dated far from the clock', () => {
  it('are told of once, until they no longer are', async () => {
    const log = new LogLines();
    const now = systemClock.now();
    const day = 86_400_000_000;
    Dated.dates = [now, now + 2 * day, now + 2 * day + 1, now + 1000, now - 3 * day, now - 3 * day + 1, now + 2000];
    const gateway = new Gateway(withThermometer({ port: { emulated: true } }), {
      drivers: { thermometer: Dated },
      models: [thermometerModel],
      emulators: { 'thermo-1': () => ({ connect() {}, disconnect() {} }) },
      log,
    });
    await gateway.start();
    endings.push(() => gateway.stop());
    const told = (): string[] => log.lines.filter((line) => line.includes('gives samples of'));
    await until(() => told().length === 2);
    expect(told()).toEqual([
      expect.stringMatching(/^warn oven gives samples of /),
      expect.stringMatching(/^warn oven/),
    ]);
  });
});
