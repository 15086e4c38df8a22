import { createHash } from 'node:crypto';

/** Longest uid that Grafana takes. */
const UID_LENGTH = 40;

/**
 * A uid that follows from a name alone, so that links survive: `labwire-m-lakeshore_218`. A name that Grafana would not take
 * as it stands is shortened, and told from others by a digest.
 *
 * @param kind letters and `-`, ending in `-`
 */
export function stableUid(kind: string, name: string): string {
  const uid = `${kind}${name}`;
  if (/^[A-Za-z0-9_-]+$/.test(name) && uid.length <= UID_LENGTH && !/--[0-9a-f]{10}$/.test(name)) return uid;
  const tail = `--${digest(name).toString('hex').slice(0, 10)}`;
  const readable = name.replace(/[^A-Za-z0-9_-]+/g, '_').slice(0, UID_LENGTH - kind.length - tail.length);
  return `${kind}${readable}${tail}`;
}

/** The id of a panel within its dashboard, by what it shows: no other panel changes it. Above the ids of fixed panels. */
export function panelId(key: string): number {
  return 1000 + (digest(key).readUInt32BE(0) % 1_000_000_000);
}

/** Panels of a section are `SLOT_HEIGHT` apart at least. */
export const SLOT_HEIGHT = 10;
const LETTERS = 27;
const PLACES = 16;

/**
 * Where a panel stands within its section, by what it shows: no other panel moves it. By the alphabet, as far as the first
 * two letters go. Grafana closes the gaps.
 */
export function slotOf(key: string): number {
  const [first = 0, second = 0] = [...key.toLowerCase().slice(0, 2)].map((letter) =>
    Math.max(0, 'abcdefghijklmnopqrstuvwxyz'.indexOf(letter) + 1),
  );
  return ((first * LETTERS + second) * PLACES + ((digest(key)[4] ?? 0) % PLACES)) * SLOT_HEIGHT;
}

/** Beyond every slot. */
export const SECTION_HEIGHT = LETTERS * LETTERS * PLACES * SLOT_HEIGHT;

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
