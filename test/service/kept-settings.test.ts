import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { FakeClock } from '../../src/base/index.ts';
import { DataService, ServiceHost, type SettingValue, serviceList, setting } from '../../src/service/index.ts';
import { memoryLogger } from '../task/bench.ts';

class Oven extends DataService {
  readonly power = setting(1, { minimum: 0, maximum: 10 });
  readonly mode = setting('auto', { options: ['auto', 'manual'] });
  readonly setpoint = setting(20, { write: async () => {} });
}

let folder: string;
let file: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'labwire-state-'));
  file = join(folder, 'sub', 'state.json');
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

/** A life of the server: start, whatever happens, stop. */
async function live<T extends DataService>(
  service: T,
  during: (service: T, host: ServiceHost, clock: FakeClock) => unknown = () => {},
  configured: Record<string, SettingValue> = {},
) {
  const clock = new FakeClock();
  const log = memoryLogger();
  const host = new ServiceHost(service, { clock, log, stateFile: file });
  for (const [path, value] of Object.entries(configured)) host.configureSetting(path, value);
  await host.start();
  await during(service, host, clock);
  await host.stop();
  return { service, lines: log.lines.map(({ level, message }) => `${level} ${message}`) };
}

const put = (text: string): void => {
  mkdirSync(join(folder, 'sub'), { recursive: true });
  writeFileSync(file, text);
};

describe('kept settings', () => {
  it('survive a restart, but not those that belong to an instrument', async () => {
    await live(new Oven(), (oven) => Promise.all([oven.power.set(5), oven.mode.set('manual'), oven.setpoint.set(300)]));
    const { service } = await live(new Oven());
    expect([service.power.value, service.mode.value, service.setpoint.value]).toEqual([5, 'manual', 20]);
    expect(readFileSync(file, 'utf8')).not.toContain('setpoint');
  });

  it('leave no file where nothing was set', async () => {
    await live(new Oven());
    expect(existsSync(file)).toBe(false);
  });

  it('are written a moment after the change, several together', async () => {
    await live(new Oven(), async (oven, _, clock) => {
      await oven.power.set(5);
      await clock.advance(199);
      expect(existsSync(file)).toBe(false);
      await oven.power.set(6);
      await clock.advance(1);
      await vi.waitFor(() => expect(JSON.parse(readFileSync(file, 'utf8')).settings.power.value).toBe(6));
    });
  });

  it('leave no half-written file behind', async () => {
    await live(new Oven(), (oven) => oven.power.set(5));
    expect(readdirSync(join(folder, 'sub'))).toEqual(['state.json']);
  });

  it('belong to services that come later as well, and to their new place when a list closes a gap', async () => {
    class Kitchen extends DataService {
      readonly ovens = serviceList<Oven>();
    }
    await live(new Kitchen(), async (kitchen) => {
      const ovens = [new Oven(), new Oven(), new Oven()];
      kitchen.ovens.add(...ovens);
      await Promise.all(ovens.map((oven, index) => oven.power.set(index + 5)));
      kitchen.ovens.remove(ovens[0] as Oven);
      expect(ovens.map(({ power }) => power.value)).toEqual([5, 6, 7]);
    });
    const { service } = await live(new Kitchen(), (kitchen) => kitchen.ovens.add(new Oven(), new Oven(), new Oven()));
    expect([...service.ovens].map(({ power }) => power.value)).toEqual([6, 7, 1]);
  });

  it.each([
    ['cut off', '{"version": 1, "settings": {"power"'],
    ['empty', ''],
    ['not an object', '[]'],
    ['without settings', '{}'],
    ['with a value that is none', '{"settings": {"power": {"value": {}}}}'],
    ['with an entry that is none', '{"settings": {"power": 5}}'],
  ])('a file that is %s is set aside with an error, and the service starts', async (_, text) => {
    put(text);
    const { service, lines } = await live(new Oven(), (oven) => oven.power.set(7));
    expect(service.mode.value).toBe('auto');
    const aside = readdirSync(join(folder, 'sub')).filter((name) => name.includes('damaged'));
    expect(aside).toEqual(['state.json.damaged-2023-11-14T22-13-20.000Z']);
    expect(readFileSync(join(folder, 'sub', aside[0] ?? ''), 'utf8')).toBe(text);
    expect(lines).toEqual([expect.stringMatching(/^error .*cannot be read.*renamed to .*damaged-.*STATE_FILE/)]);
    expect((await live(new Oven())).service.power.value).toBe(7);
  });

  it('whatever the file holds, the service starts', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(
          fc.json(),
          fc.string(),
          fc.json().map((json) => `{"settings": ${json}}`),
        ),
        async (text) => {
          put(text);
          const { service } = await live(new Oven());
          expect(service.power.value).toBe(1);
        },
      ),
      { numRuns: 50 },
    );
  });

  it('a value that is no longer valid is refused with a warning, and the default stays', async () => {
    put('{"version": 1, "settings": {"power": {"value": 99}, "mode": {"value": "manual"}}}');
    const { service, lines } = await live(new Oven());
    expect([service.power.value, service.mode.value]).toEqual([1, 'manual']);
    expect(lines).toEqual([
      expect.stringMatching(/^warn the kept value .*Setting power takes a number from 0 to 10, not 99/),
    ]);
  });

  it('what the file says of things that are not there now is kept for their return', async () => {
    put('{"version": 1, "settings": {"other.gain": {"value": 5}, "__proto__": {"value": 1}}}');
    await live(new Oven(), (oven) => oven.power.set(5));
    expect(readFileSync(file, 'utf8')).toContain('"other.gain"');
  });

  it('a disk that does not take the file is told once, and never fails a set', async () => {
    put('{"version": 1, "settings": {}}');
    rmSync(join(folder, 'sub'), { recursive: true });
    writeFileSync(join(folder, 'sub'), 'a file where the folder should be');
    const log = memoryLogger();
    const clock = new FakeClock();
    const oven = new Oven();
    const host = new ServiceHost(oven, { clock, log, stateFile: file });
    await host.start();
    log.lines.length = 0;
    const errors = () => log.lines.filter(({ level }) => level === 'error').length;
    await oven.power.set(5);
    await clock.advance(200);
    await vi.waitFor(() => expect(errors()).toBe(1));
    await oven.power.set(6);
    await clock.advance(60_000);
    expect(errors()).toBe(1);
    rmSync(join(folder, 'sub'));
    await vi.waitFor(async () => {
      await clock.advance(30_000);
      expect(JSON.parse(readFileSync(file, 'utf8')).settings.power.value).toBe(6);
    });
    await vi.waitFor(() => expect(log.lines.at(-1)?.message).toContain('can be written again'));
    await host.stop();
  });

  it('a file that cannot be read at all is set aside too, so that nothing is written over it', async () => {
    mkdirSync(join(folder, 'sub'));
    symlinkSync('state.json', file);
    const { lines } = await live(new Oven(), (oven) => oven.power.set(7));
    expect(lines).toEqual([expect.stringMatching(/^error .*cannot be read \(ELOOP.*renamed to .*STATE_FILE/)]);
    expect(readdirSync(join(folder, 'sub'))).toEqual(['state.json', expect.stringContaining('damaged')]);
    expect((await live(new Oven())).service.power.value).toBe(7);
  });
});

describe('a configured setting', () => {
  it('has the configured value, and the default where the configuration says nothing', async () => {
    const { service } = await live(new Oven(), () => {}, { power: 3 });
    expect([service.power.value, service.mode.value]).toEqual([3, 'auto']);
    expect(existsSync(file)).toBe(false);
  });

  it('keeps a value that was set at run time until its text in the configuration changes', async () => {
    await live(new Oven(), (oven) => oven.power.set(5), { power: 3 });
    expect((await live(new Oven(), () => {}, { power: 3 })).service.power.value).toBe(5);
    expect((await live(new Oven(), () => {}, { power: 4 })).service.power.value).toBe(4);
    expect((await live(new Oven(), () => {}, { power: 3 })).service.power.value).toBe(3);
  });

  it('falls back to the default when its text is removed', async () => {
    await live(new Oven(), (oven) => oven.power.set(5), { power: 3 });
    expect((await live(new Oven())).service.power.value).toBe(1);
  });

  it('takes a configured value over one from before there was any', async () => {
    await live(new Oven(), (oven) => oven.power.set(5));
    expect((await live(new Oven(), () => {}, { power: 3 })).service.power.value).toBe(3);
  });

  it('follows the configuration while it runs', async () => {
    const { service } = await live(
      new Oven(),
      async (oven, host) => {
        host.configureSetting('power', 4);
        expect(oven.power.value).toBe(4);
        await oven.power.set(6);
        host.configureSetting('power', 4);
        expect(oven.power.value).toBe(6);
        host.configureSetting('power', 7);
        expect(() => host.configureSetting('power', 99)).toThrow('VALUE_INVALID');
        expect(oven.power.value).toBe(7);
      },
      { power: 3 },
    );
    expect(service.power.value).toBe(7);
  });

  it('that does not fit is refused with a warning', async () => {
    const { service, lines } = await live(new Oven(), () => {}, { power: 99 });
    expect(service.power.value).toBe(1);
    expect(lines).toEqual([expect.stringMatching(/^warn the configured value .*not 99/)]);
  });
});
