import { didYouMean, isObject } from '../base/index.ts';
import { channelId, type DeviceConfiguration } from '../config/index.ts';
import { type ChannelFacts, type Model, RecordedChannel, units } from '../instrument/index.ts';
import { definedOnly } from './defined-only.ts';
import { sectionChannels } from './driver-section.ts';
import { atSite, type Findings, inModel, type Place } from './findings.ts';

export interface ChannelSources {
  readonly device: DeviceConfiguration;
  readonly model: Model;
  /** What follows from the driver's section; undefined where the section is refused and nothing is known. */
  readonly fromSection: Readonly<Record<string, ChannelFacts>> | undefined;
  /** The names of settings, tasks and commands, which no channel may have, with their words for a message. */
  readonly members: ReadonlyMap<string, string>;
  /** Those that the driver's class declares as writable, by its ids. */
  readonly writable: ReadonlyMap<string, unknown>;
}

/** Makes the channels of a device, by the driver's ids, and finds what is wrong with them. */
export function planChannels(sources: ChannelSources, findings: Findings): Map<string, RecordedChannel> {
  return new ChannelPlanner(sources, findings).plan();
}

/** Who has an id, and where it was given to it. */
interface Owner {
  readonly words: string;
  readonly place: Place;
  readonly at: 'key' | 'value';
  readonly blame: number;
}

type ChannelChange = NonNullable<DeviceConfiguration['channels']>[string] | undefined;

/** Of two with one id that one is to blame whose author could best have known: who renamed, then who declared. */
const blame = { renamed: 2, declaredBySite: 1, given: 0 };

class ChannelPlanner {
  readonly #sources: ChannelSources;
  readonly #findings: Findings;
  readonly #owners = new Map<string, Owner>();
  readonly #changes: NonNullable<DeviceConfiguration['channels']>;
  readonly #declaredBySite: Readonly<Record<string, unknown>>;

  constructor(sources: ChannelSources, findings: Findings) {
    this.#sources = sources;
    this.#findings = findings;
    this.#changes = sources.device.channels ?? {};
    this.#declaredBySite = sectionChannels(sources.device, sources.model.driver);
    for (const [name, words] of sources.members) {
      this.#owners.set(name, { words, place: inModel(name), at: 'key', blame: blame.given });
    }
  }

  plan(): Map<string, RecordedChannel> {
    const { fromSection, model } = this.#sources;
    const facts = new Map(Object.entries({ ...fromSection, ...model.channels }));
    if (fromSection) this.#refuseUnknown(facts);
    return new Map([...facts].map(([key, declared]) => [key, this.#channel(key, declared)]));
  }

  #refuseUnknown(facts: ReadonlyMap<string, ChannelFacts>): void {
    for (const key of Object.keys(this.#changes)) {
      if (facts.has(key)) continue;
      const hint = didYouMean(key, facts.keys());
      const text = 'is no channel of this device';
      this.#findings.add({ code: 'CONFIG_INVALID', place: atSite('channels', key), at: 'key', text, hint });
    }
  }

  #channel(key: string, declared: ChannelFacts): RecordedChannel {
    const change = Object.hasOwn(this.#changes, key) ? this.#changes[key] : undefined;
    const { name = key, scale = 1, offset = 0, ...changed } = change || {};
    const { type = 'number', kind = 'measurement', ...rest } = { ...declared, ...changed };
    const enabled = change !== false;
    if (enabled) {
      this.#checkId(key, name);
      this.#checkFacts(key, { type, ...rest });
      this.#checkConversion(key, declared.unit, change);
    }
    const writable = this.#sources.writable.has(key) && { writable: true as const };
    return new RecordedChannel({ id: name, type, kind, scale, offset, ...definedOnly(rest), ...writable }, enabled);
  }

  #checkId(key: string, name: string): void {
    const place = this.#declaration(key);
    const fault = channelId.safeParse(name).error?.issues[0];
    if (fault) this.#findings.add({ code: 'CONFIG_INVALID', place, at: 'key', text: fault.message });
    const owner = this.#owner(key, name);
    const other = this.#owners.get(name);
    if (!other) this.#owners.set(name, owner);
    else if (other.blame > owner.blame) this.#refuseId(other, owner);
    else this.#refuseId(owner, other);
  }

  #owner(key: string, name: string): Owner {
    const words = `the channel ${key}`;
    if (name !== key) return { words, place: atSite('channels', key, 'name'), at: 'value', blame: blame.renamed };
    const place = this.#declaration(key);
    return { words, place, at: 'key', blame: place.by === 'site' ? blame.declaredBySite : blame.given };
  }

  #refuseId({ place, at }: Owner, { words }: Owner): void {
    this.#findings.add({ code: 'CONFIG_INVALID', place, at, text: `is the id of ${words} already; choose another` });
  }

  #checkFacts(key: string, { type, options, unit }: ChannelFacts): void {
    if (type === 'enum' && !options) {
      const text = 'is enum, which needs options: the words that it can have';
      this.#findings.add({ code: 'CONFIG_INVALID', place: this.#said(key, 'type'), text });
    }
    if (unit === undefined || units.has(unit)) return;
    this.#findings.add({
      code: 'CONFIG_INVALID',
      place: this.#said(key, 'unit'),
      text: 'is none that labwire can translate for Home Assistant, Grafana and pint',
      hint: didYouMean(unit, units.keys()),
      severity: 'warning',
    });
  }

  /** Who writes another unit mostly expects a conversion. */
  #checkConversion(key: string, declared: string | undefined, change: ChannelChange): void {
    const { unit, scale, offset } = change || {};
    if (declared === undefined || unit === undefined || unit === declared) return;
    if (scale !== undefined || offset !== undefined) return;
    const text =
      `renames the unit, ${declared} until here, and converts nothing: give scale or offset too ` +
      '(K to °C: offset: -273.15), or scale: 1 where the instrument itself is set to that unit';
    const place = atSite('channels', key, 'unit');
    this.#findings.add({ code: 'CONFIG_INVALID', place, text, severity: 'warning' });
  }

  /** Where a channel is declared. */
  #declaration(key: string): Place {
    const bySite = Object.hasOwn(this.#declaredBySite, key);
    return bySite ? atSite(this.#sources.model.driver, 'channels', key) : inModel('channels', key);
  }

  /** Where a fact of a channel is said. */
  #said(key: string, fact: keyof ChannelFacts): Place {
    const change = Object.hasOwn(this.#changes, key) ? this.#changes[key] : undefined;
    if (isObject(change) && Object.hasOwn(change, fact)) return atSite('channels', key, fact);
    const { by, path } = this.#declaration(key);
    return { by, path: [...path, fact] };
  }
}
