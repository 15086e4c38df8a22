import { describe, expect, test } from 'vitest';
import { read } from '../../drivers/nmea0183/readings.ts';
import { parseSentence } from '../../drivers/nmea0183/sentence.ts';
import { FakeClock, LineEmulator, Nmea0183Emulator, type Talker } from '../../mocks/index.ts';
import { plain } from '../drivers/harness.ts';

function hear(talker: Talker): string[] {
  const said: string[] = [];
  talker.connect({ send: (bytes) => said.push(String(bytes)), onReceive: () => {} });
  return said;
}

/** What the sentences of a burst say, by type. */
function understood(burst = ''): Record<string, Record<string, unknown>> {
  const lines = burst.split('\r\n').slice(0, -1);
  const readings = lines.map((line) => read(parseSentence(line, true)));
  return Object.fromEntries(readings.map((reading) => [reading?.type, plain(reading?.values ?? {})]));
}

describe('a talker', () => {
  test('talks each second from its boot on, without drift, until it is disconnected', async () => {
    const clock = new FakeClock();
    const talker = new LineEmulator({ clock });
    const said = hear(talker);
    await clock.advance(299);
    expect(said).toEqual([]);
    await clock.advance(1);
    expect(said).toEqual(['{"t":21.5,"rh":40}\r\n']);
    await clock.advance(10_000);
    expect(said).toHaveLength(11);
    talker.disconnect();
    expect(clock.pending).toBe(0);
  });

  test('is silent while it is off', async () => {
    const clock = new FakeClock();
    const talker = new LineEmulator({ clock, text: () => 'x', bootMs: 0, intervalMs: 100 });
    const said = hear(talker);
    talker.powered = false;
    await clock.advance(1000);
    expect(said).toEqual([]);
    talker.powered = true;
    await clock.advance(100);
    expect(said).toEqual(['x\r\n']);
  });
});

describe('the emulated GNSS receiver', () => {
  test('sends bursts that are understood, of a circle round its place', async () => {
    const clock = new FakeClock();
    const said = hear(new Nmea0183Emulator({ clock, latitude: -33.9999999, longitude: 18.5, radius: 50, round: 20 }));
    await clock.advance(20_000);
    expect(said).toHaveLength(20);
    for (const burst of said) {
      const { GGA, RMC, GSA, VTG, GLL, ZDA } = understood(burst);
      expect(GGA).toMatchObject({ satellites: 9, fix: 1, hdop: 0.9, altitude: 542.3 });
      const { latitude, longitude } = GGA as { latitude: number; longitude: number };
      const metres = Math.hypot(latitude + 34, (longitude - 18.5) * Math.cos((34 * Math.PI) / 180)) * 111_320;
      expect(metres).toBeCloseTo(50, 0);
      expect(RMC).toMatchObject({ latitude, longitude, fix: 1 });
      expect(GLL).toMatchObject({ latitude, longitude, fix: 1 });
      expect(RMC?.speed).toBeCloseTo((2 * Math.PI * 50) / 20, 1);
      expect(VTG?.speed).toBe(RMC?.speed);
      expect(VTG?.course).toBe(RMC?.course);
      expect(GSA).toEqual({ hdop: 0.9 });
      expect(ZDA).toEqual({});
    }
  });

  test('is void without a fix', async () => {
    const clock = new FakeClock();
    const receiver = new Nmea0183Emulator({ clock });
    receiver.quality = 0;
    const said = hear(receiver);
    await clock.advance(300);
    const { GGA, RMC, GSA, VTG, GLL } = understood(said[0]);
    expect([GGA?.fix, RMC?.fix, GLL?.fix]).toEqual([0, 0, 0]);
    for (const values of [GGA, RMC, GLL])
      expect(values).toMatchObject({ latitude: '<invalid>', longitude: '<invalid>' });
    expect(VTG).toEqual({ speed: '<invalid>', course: '<invalid>' });
    expect(GSA).toEqual({});
  });

  test('tells the time of its clock', async () => {
    const clock = new FakeClock(Date.UTC(2026, 10, 24, 3, 40, 0) * 1000);
    const said = hear(new Nmea0183Emulator({ clock }));
    await clock.advance(300);
    expect(said[0]).toContain('$GPZDA,034000.300,24,11,2026,00,00*');
    expect(said[0]).toMatch(/\$GPRMC,034000\.300,A,[^*]*,241126,,,A\*/);
  });
});
