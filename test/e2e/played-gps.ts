import { Pty, playLog, recordedLines, sentence } from '../../mocks/index.ts';
import {
  type Influx,
  type Received,
  type Service,
  startInflux,
  startMosquitto,
  subscribe,
} from '../integration/services.ts';
import { eventually, Folder, labwire } from './labwire-process.ts';

export interface Reading {
  readonly value: unknown;
  readonly unit: string | undefined;
  readonly quality: string;
  readonly reason: string | undefined;
  /** Nanoseconds since the Unix epoch, as a text: more than a number holds. */
  readonly time: string;
}

export interface Played {
  /** By channel, in order of arrival at `mosquitto_sub`. */
  readonly mqtt: ReadonlyMap<string, readonly Reading[]>;
  /** By channel, in order of time, from a query. */
  readonly influx: ReadonlyMap<string, readonly Reading[]>;
  readonly health: { readonly dropped: Record<string, number> };
  readonly info: { readonly channels: Record<string, { unit?: string }>; readonly dropped: Record<string, number> };
}

type NamedReading = readonly [channel: string, Reading];

const QUALITY = ['good', 'uncertain', 'bad'];

/** Plays a log into a pty at its pace; what then is on a real broker and in a real database. */
export async function playGps(log: string, speed: number): Promise<Played> {
  const folder = new Folder();
  const [broker, influx, live] = await startServices();
  const pty = Pty.open({ link: folder.file('gps') });
  const configuration = folder.write(
    'labwire.yaml',
    `gateway: { id: ship }
mqtt: { url: "${broker.url}" }
influx: { url: "${influx.url}", database: lab }
server: { port: 0 }
devices:
  gps: { model: nmea0183, port: { path: ${folder.file('gps')} }, tags: { deck: upper } }
`,
  );
  const gateway = labwire('run', '--config', configuration);
  try {
    const payloads = (topic: string): string[] =>
      live.messages.filter((message) => message.topic === `labwire/ship/gps/${topic}`).map(({ payload }) => payload);
    const task = (): string => payloads('tasks/acquire').at(-1) ?? '{}';
    await live.until(() => JSON.parse(task()).state === 'active');
    await playLog(log, (line) => pty.write(Buffer.from(line, 'latin1')), { speed });
    // A last sentence of the test's own, behind which nothing is under way any more.
    pty.write(Buffer.from(sentence('GPVTG,1.0,T,,M,1.0,N,1.8,K,A')));
    const isLast = ({ topic, payload }: { topic: string; payload: string }): boolean =>
      topic.endsWith('/course') && JSON.parse(payload).value === 1;
    await live.until((messages) => messages.some(isLast));
    const said = (): NamedReading[] =>
      live.messages
        .filter(({ topic }) => topic.startsWith('labwire/ship/gps/channels/'))
        .map(({ topic, payload }) => [topic.split('/')[4] ?? '', fromMqtt(JSON.parse(payload))] as const)
        .filter(isPlayed);
    const stored = async (): Promise<NamedReading[]> =>
      (await influx.query('SELECT * FROM "nmea0183"', 'lab')).flatMap(fromInflux).filter(isPlayed);
    // The last may be stored before the first: those of before the database was found come beside those that are new.
    await eventually(async () => (await stored()).length >= said().length);
    const { status } = await gateway.stop();
    if (status !== 0) throw new Error(gateway.stderr);
    // The last that it says.
    await live.until((messages) => messages.some(isOffline));
    return {
      mqtt: byChannel(said()),
      influx: byChannel(await stored()),
      health: JSON.parse(payloads('health').at(-1) ?? ''),
      info: JSON.parse(payloads('info').at(-1) ?? ''),
    };
  } finally {
    await gateway.stop('SIGKILL');
    pty.close();
    await Promise.all([live.stop(), broker.stop(), influx.stop()]);
    folder.remove();
  }
}

async function startServices(): Promise<[Service, Influx, Awaited<ReturnType<typeof subscribe>>]> {
  const [broker, influx] = await Promise.all([startMosquitto(), startInflux()]);
  return [broker, influx, await subscribe(broker, 'labwire/#')];
}

/** The clean stop adds one stale sample, which the readings of the played log are not. */
const isPlayed = ([, { reason }]: NamedReading): boolean => reason !== 'stale';

const isOffline = ({ topic, payload }: Received): boolean => topic === 'labwire/ship/status' && payload === 'offline';

function byChannel(readings: readonly NamedReading[]): Map<string, Reading[]> {
  const channels = new Map<string, Reading[]>();
  for (const [channel, reading] of readings) {
    const known = channels.get(channel);
    if (known) known.push(reading);
    else channels.set(channel, [reading]);
  }
  return channels;
}

function fromMqtt({ value, unit, quality, reason, time }: Record<string, string>): Reading {
  const [seconds = '', fraction = ''] = (time ?? '').replace('Z', '').split('.');
  const nanoseconds = BigInt(Date.parse(`${seconds}Z`)) * 1_000_000n + BigInt(fraction.padEnd(9, '0'));
  return { value, unit, quality: quality ?? '', reason, time: String(nanoseconds) };
}

/** One point has a reading for each channel whose quality it names. */
function fromInflux(row: Record<string, unknown>): NamedReading[] {
  return Object.entries(row)
    .filter(([field, value]) => field.endsWith('_quality') && value !== null)
    .map(([field, value]) => {
      const channel = field.replace(/_quality$/, '');
      return [
        channel,
        {
          value: row[channel] ?? null,
          unit: undefined,
          quality: QUALITY[Number(value)] ?? '',
          reason: (row[`${channel}_reason`] as string | null) ?? undefined,
          time: String(row.time),
        },
      ];
    });
}

/** What the log itself says, reckoned without labwire: positions of sentences that are whole and have a fix. */
export function positionsIn(log: string): { latitude: number; longitude: number }[] {
  return recordedLines(log).flatMap(({ text }) => {
    const match = /^\$..(GGA|RMC|GLL),([^*]*)\*([0-9A-F]{2})$/i.exec(text);
    if (!match || checksum(text) !== Number.parseInt(match[3] ?? '', 16)) return [];
    const fields = (match[2] ?? '').split(',');
    const at = { GGA: 1, RMC: 2, GLL: 0 }[match[1] as 'GGA' | 'RMC' | 'GLL'];
    const valid = match[1] === 'GGA' ? /^[1-6]$/.test(fields[5] ?? '') : fields[match[1] === 'RMC' ? 1 : 5] === 'A';
    const [latitude = '', north, longitude = '', east] = fields.slice(at, at + 4);
    if (!valid || latitude === '') return [];
    return [
      {
        latitude: degrees(latitude, 2) * (north === 'S' ? -1 : 1),
        longitude: degrees(longitude, 3) * (east === 'W' ? -1 : 1),
      },
    ];
  });
}

export function wrongChecksumsIn(log: string): number {
  return recordedLines(log).filter(({ text }) => {
    const match = /^\$[^*]*\*([0-9A-F]{2})$/i.exec(text);
    return match && checksum(text) !== Number.parseInt(match[1] ?? '', 16);
  }).length;
}

function checksum(text: string): number {
  return [...text.slice(1, text.indexOf('*'))].reduce((sum, character) => sum ^ character.charCodeAt(0), 0);
}

function degrees(text: string, digits: number): number {
  return Number(text.slice(0, digits)) + Number(text.slice(digits)) / 60;
}
