import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { MqttClient } from 'mqtt';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { systemClock } from '../../src/base/index.ts';
import type { Journal, SqliteJournal } from '../../src/journal/index.ts';
import { fileSink, influxSink, type Sink } from '../../src/sinks/index.ts';
import { mqttSink } from '../../src/sinks/mqtt/index.ts';
import { mount, PatientJournal } from '../journal/patient-journal.ts';
import { ScriptedClient } from './mqtt/scripted-client.ts';
import { LogLines, realParts, sample, until } from './parts.ts';

const OLD = 300;
const NAMES = ['mqtt', 'influx', 'files'];

let folder: string;
const ends: (() => Promise<unknown>)[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'labwire-late-'));
});
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
  rmSync(folder, { recursive: true, force: true });
});

function journalOf(): SqliteJournal {
  const path = join(folder, 'data', 'journal.db');
  return new PatientJournal({ path, maxSize: 2e9, maxAge: 1e13 }, { clock: systemClock, log: new LogLines() });
}

const append = (journal: Journal, from: number, upTo: number): void => {
  for (let value = from; value <= upTo; value++) journal.append(sample({ t1: value }));
};

/** A journal whose disk is away; it knows of records that no sink had, and is found again once `found` is called. */
async function degraded(): Promise<{ journal: SqliteJournal; found: () => void }> {
  const [data, away] = [join(folder, 'data'), join(folder, 'away')];
  const before = journalOf();
  await before.open();
  for (const name of NAMES) before.offset(name);
  append(before, 1, OLD);
  await before.close();
  renameSync(data, away);
  writeFileSync(data, '');
  const journal = journalOf();
  ends.push(() => journal.close());
  await journal.open();
  expect(journal.state.state).toBe('degraded');
  return { journal, found: () => mount(away, data) };
}

/** What is appended before, at and after the opening arrives, and what the file had. */
async function allArrive(sink: Sink, journal: SqliteJournal, found: () => void, got: () => number[]): Promise<void> {
  sink.start();
  ends.push(() => sink.stop(1000));
  append(journal, 1001, 1010);
  await until(() => got().includes(1010) && journal.lag(sink.name) === 0);
  found();
  append(journal, 1011, 1020);
  await until(() => journal.state.state === 'ok');
  append(journal, 1021, 1030);
  await until(() => journal.lag(sink.name) === 0 && journal.delivered(sink.name) === journal.head);
  const values = new Set(got());
  expect(Array.from({ length: OLD }, (_, i) => i + 1).filter((value) => !values.has(value))).toEqual([]);
  expect([...values].filter((value) => value > 1000)).toHaveLength(30);
  expect(journal.dropped(sink.name)).toBe(0);
}

describe('a journal that is found only after the start: its backlog is delivered', () => {
  test('to a broker', async () => {
    const { journal, found } = await degraded();
    const client = new ScriptedClient({});
    client.prompt = true;
    const parts = { ...realParts(), journal };
    const connect = (): MqttClient => client as unknown as MqttClient;
    const sink = mqttSink({ name: 'mqtt', url: 'mqtt://broker', gateway: 'lab_a' }, parts, connect);
    setImmediate(() => client.accept());
    await allArrive(sink, journal, found, () =>
      client.sent
        .filter(({ topic }) => /\/(channels|backfill)\//.test(topic))
        .map(({ payload }) => JSON.parse(payload).value),
    );
  });

  test('to a database', async () => {
    const { journal, found } = await degraded();
    const stored: string[] = [];
    const server = createServer((request, response) => {
      let body = '';
      request.setEncoding('utf8').on('data', (text: string) => {
        body += text;
      });
      request.on('end', () => {
        stored.push(...body.split('\n'));
        response.writeHead(204).end();
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    ends.push(async () => server.close());
    const address = server.address();
    const url = `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`;
    const sink = influxSink({ name: 'influx', url, gateway: 'lab_a' }, { ...realParts(), journal });
    await allArrive(sink, journal, found, () => stored.map((line) => Number(/ t1=([^,]*),/.exec(line)?.[1])));
  });

  test('to files', async () => {
    const { journal, found } = await degraded();
    const path = join(folder, 'files');
    mkdirSync(path);
    const options = { name: 'files', path, format: 'jsonl', rotate: 86_400, maxSize: 1e9 } as const;
    const sink = fileSink(options, { ...realParts(), journal });
    await allArrive(sink, journal, found, () => {
      const file = join(path, 'cryostat', 'cryostat_2026-11-24.jsonl');
      if (!existsSync(file)) return [];
      const lines = readFileSync(file, 'utf8').split('\n').slice(0, -1);
      return lines.map((line) => JSON.parse(line).channels.t1.value);
    });
  });
});
