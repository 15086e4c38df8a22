import { type Clock, isoTime, type Logger } from '../base/index.ts';
import {
  attachInstrument,
  bad,
  type ChannelValue,
  type DeviceDescription,
  type Identity,
  instrumentReady,
  type Sample,
} from '../instrument/index.ts';
import type { Journal } from '../journal/index.ts';
import type { Link, Port } from '../port/index.ts';
import type { TaskControl, TaskError, TaskState } from '../task/index.ts';
import { type Cause, causeOf, deviceInfo, taskState } from './device-messages.ts';
import type { DevicePlan } from './device-plan.ts';
import type { Happening } from './gateway-events.ts';
import { deviceStatus, type HealthState, healthState } from './health.ts';
import type { LinePlan } from './line-plan.ts';
import type { LineSeat, LineSet } from './line-set.ts';
import { linkTiming } from './port-options.ts';
import type { StateStore } from './state-store.ts';

export interface DeviceParts {
  readonly clock: Clock;
  readonly log: Logger;
  readonly journal: Journal;
  readonly state: StateStore;
  readonly lines: LineSet;
  event(event: Happening): void;
}

/** A sample that is dated so far from the clock is told of, in µs: a day. */
const FAR_US = 86_400_000_000;
/** How long a rejected frame marks a device as `degraded`. */
const REJECTING_MS = 60_000;

/** One configured device: its place on a line, its link, its instrument, and what the world hears of them. */
export class Device {
  readonly plan: DevicePlan;
  readonly port: Port;
  readonly #parts: DeviceParts;
  readonly #seat: LineSeat;
  readonly #link: Link;
  readonly #acquire: TaskControl | undefined;
  readonly #dropped: Record<string, number> = {};
  readonly #endings: (() => void)[] = [];
  #description: DeviceDescription;
  #describedOpening = 0;
  #lastTime = 0;
  #lastSample = 0;
  #samples = 0;
  #datedFar = false;
  #speaking = false;
  /** A body that could not be stopped may go on to speak: nobody listens any more. */
  #stopped = false;
  #rejectedAt = Number.NEGATIVE_INFINITY;
  #health: HealthState = 'disabled';
  /** Since when the health is what it is: µs since the Unix epoch. */
  #since = 0;

  constructor(plan: DevicePlan, line: LinePlan, parts: DeviceParts) {
    this.plan = plan;
    this.#parts = parts;
    this.#description = plan.description;
    this.#acquire = plan.tasks.get('acquire');
    const { configuration, model, timing } = plan;
    const { clock, log } = parts;
    this.#seat = parts.lines.join(line, plan.emulator, plan.address === undefined ? {} : { address: plan.address });
    this.port = this.#seat.port;
    this.#link = this.#seat.bus.link({
      framing: plan.framing,
      timing: linkTiming(timing),
      onDrop: (reason) => this.#drop(reason),
    });
    const talker = !plan.settings.has('interval');
    attachInstrument(
      plan.instrument,
      {
        port: this.port,
        link: this.#link,
        clock,
        log,
        channels: plan.channels,
        settings: new Map([...plan.settings].filter(([, setting]) => setting.belongsToInstrument)),
        configured: plan.settingValues,
        connected: (identity) => this.#connected(identity),
        sample: (values, at) => this.#sample(values, at),
        dropped: (reason) => this.#drop(reason),
        ...(plan.address !== undefined && { address: plan.address }),
        ...(model.identify && {
          identify: { query: model.identify.query, answer: new RegExp(model.identify.answer) },
        }),
        ...(timing.silence !== undefined && { silence: timing.silence }),
        ...(talker && configuration.interval !== undefined && { thinning: configuration.interval }),
      },
      this.#acquire,
    );
  }

  /** As it is now. */
  get description(): DeviceDescription {
    return this.#description;
  }

  get health(): HealthState {
    return this.#health;
  }

  /** Samples since it was made, when the last one was, in µs since the Unix epoch or 0, and what was rejected by reason. */
  get counts(): {
    readonly samples: number;
    readonly lastSample: number;
    readonly dropped: Readonly<Record<string, number>>;
  } {
    return { samples: this.#samples, lastSample: this.#lastSample, dropped: this.#dropped };
  }

  /** Opens the port and begins to tell its state. The tasks are started by the service host. */
  start(): void {
    const { state } = this.#parts;
    const { id, tasks, settings, instrument } = this.plan;
    for (const [name, task] of tasks) {
      task.startPre((context) => instrumentReady(instrument, context));
      const tell = (): void => state.set([id, 'tasks', name], taskState(task));
      tell();
      this.#endings.push(
        task.onChange(() => {
          tell();
          if (task === this.#acquire) this.refresh();
        }),
      );
    }
    for (const [name, setting] of settings) {
      const tell = (): void => state.set([id, 'settings', name], { value: setting.value, unit: setting.rules.unit });
      tell();
      this.#endings.push(
        setting.onChange((_, value) => {
          tell();
          if (name === 'interval' && typeof value === 'number') this.#describe({ interval: value });
        }),
      );
    }
    this.#endings.push(
      this.port.onChange((portState) => {
        if (portState === 'open') for (const task of tasks.values()) task.endRestartWait();
        this.refresh();
      }),
    );
    this.#since = this.#parts.clock.now();
    this.#tellAll();
    this.port.start();
  }

  /** Tells that the device is gone and frees its port. Its tasks are to be stopped before. */
  async stop(): Promise<void> {
    for (const end of this.#endings.splice(0)) end();
    this.#speaking = false;
    this.#goTo('disabled');
    this.#stopped = true;
    this.#link.close();
    await this.#seat.leave();
  }

  /** Says anew what its channels are, for a sink that has come later. */
  describeAgain(): void {
    if (this.#describedOpening > 0) this.#describe({}, true);
  }

  /** Says that it has no channels any more: it is removed from the configuration. */
  withdraw(): void {
    this.#describe({ channels: new Map() });
  }

  /** Tells what has changed; to be called now and then too, for counts and the end of a `degraded` time. */
  refresh(): void {
    this.#update();
    this.#tellAll();
  }

  /** The newest value of each channel, as samples of one channel each. */
  *latest(): Iterable<Sample> {
    for (const [channel, { newest }] of this.plan.channelMembers) {
      const value = newest?.values[channel];
      if (newest && value !== undefined) yield { ...newest, values: { [channel]: value } };
    }
  }

  #sample(values: Record<string, ChannelValue>, at: number): void {
    // It was told as stale already, and nobody would tell so again.
    if (this.#stopped || this.#acquire?.get('state') === 'deactivating') return;
    this.#lastSample = this.#append(values, at);
    this.#samples++;
    if (this.#speaking) return;
    this.#speaking = true;
    this.#update();
  }

  /** Gives the journal a sample; returns its time. */
  #append(values: Record<string, ChannelValue>, at: number): number {
    // Strictly increasing, so that no point in a database replaces another; but a wall clock that was set back by more
    // than a second begins anew, lest a clock that was once wrong poisons all that follows.
    const time = at <= this.#lastTime && at > this.#lastTime - 1_000_000 ? this.#lastTime + 1 : at;
    // Only a leap can lead there, or away.
    if (Math.abs(time - this.#lastTime) > FAR_US) this.#checkDate(time);
    this.#lastTime = time;
    const sample: Sample = { kind: 'sample', sequence: 0, source: this.#description, time, values };
    for (const channel in values) this.plan.channelMembers.get(channel)?.take(sample);
    this.#parts.journal.append(sample);
    return time;
  }

  /** Tells of samples that are dated far in the future or the past, once until they no longer are. */
  #checkDate(time: number): void {
    const now = this.#parts.clock.now();
    const far = Math.abs(time - now) > FAR_US;
    if (far && !this.#datedFar) {
      const device = this.plan.id;
      const text = `${device} gives samples of ${isoTime(time)}, while the clock says ${isoTime(now)}.`;
      this.#parts.log.warn(text);
      this.#parts.event({
        device,
        severity: 'warning',
        eventKind: 'clock',
        code: 'clock_far',
        title: 'Far date',
        text,
      });
    }
    this.#datedFar = far;
  }

  #drop(reason: string): void {
    this.#dropped[reason] = (this.#dropped[reason] ?? 0) + 1;
    // A talker that is joined in mid-sentence begins with a broken one: that says nothing about the line.
    if (!this.#speaking) return;
    this.#rejectedAt = this.#parts.clock.monotonic();
    if (this.#health === 'online') this.#update();
  }

  #connected({ serialNumber, firmware }: Identity): void {
    if (this.#stopped) return;
    const opening = this.port.counters.opens;
    this.#describe(
      { ...(serialNumber && { serialNumber }), ...(firmware && { firmware }) },
      opening !== this.#describedOpening,
    );
    this.#describedOpening = opening;
  }

  /** Makes a new description where something in it changed, and writes it down then and at each connect. */
  #describe(changed: Partial<DeviceDescription>, always = false): void {
    const differs = Object.entries(changed).some(([key, value]) => Reflect.get(this.#description, key) !== value);
    if (differs) this.#description = { ...this.#description, ...changed };
    if (!differs && !always) return;
    const { journal, clock } = this.#parts;
    journal.append({ kind: 'description', sequence: 0, time: clock.now(), source: this.#description });
    this.#tellAll();
  }

  #update(): void {
    const acquire = this.#acquire?.get('state') as TaskState | undefined;
    if (acquire !== 'active') this.#speaking = false;
    const rejecting = this.#parts.clock.monotonic() - this.#rejectedAt < REJECTING_MS;
    this.#goTo(healthState({ acquire, speaking: this.#speaking, rejecting }));
  }

  #goTo(health: HealthState): void {
    if (health === this.#health) return;
    const before = deviceStatus(this.#health);
    this.#health = health;
    this.#since = this.#parts.clock.now();
    const now = deviceStatus(health);
    if (before === 'online' && now === 'offline') this.#markStale();
    this.#tellAll();
    if (before === now) return;
    this.#tellStatus(now);
  }

  #tellStatus(status: 'online' | 'offline'): void {
    const { id: device, configuration } = this.plan;
    const name = configuration.label ?? device;
    const about = { device, eventKind: 'device', title: `${name} is ${status}` };
    const cause = this.#cause();
    if (status === 'online') {
      this.#parts.event({ ...about, severity: 'info', code: 'DEVICE_ONLINE', text: `${name} gives readings.` });
    } else if (cause) {
      this.#parts.event({ ...about, severity: 'warning', code: cause.code ?? 'DEVICE_OFFLINE', text: cause.message });
    } else {
      this.#parts.event({ ...about, severity: 'info', code: 'DEVICE_OFFLINE', text: `${name} was stopped.` });
    }
  }

  /** An old value must not look current: each channel that has spoken says that it no longer does. */
  #markStale(): void {
    const spoken = [...this.plan.channelMembers].filter(([, { newest }]) => newest !== undefined);
    if (spoken.length === 0) return;
    const stale = bad('stale');
    this.#append(Object.fromEntries(spoken.map(([channel]) => [channel, stale])), this.#parts.clock.now());
  }

  /** Why the device gives no readings: its port, else its task. */
  #cause(): Cause | undefined {
    if (this.#health === 'disabled' || deviceStatus(this.#health) === 'online') return undefined;
    const { state, lastError } = this.port;
    if (state !== 'open' && lastError) return causeOf(lastError);
    return (this.#acquire?.get('lastError') as TaskError | null | undefined) ?? undefined;
  }

  #tellAll(): void {
    const { state } = this.#parts;
    const { id } = this.plan;
    const cause = this.#cause();
    const dropped = { ...this.#dropped };
    state.set([id, 'status'], deviceStatus(this.#health));
    state.set([id, 'health'], {
      state: this.#health,
      code: cause?.code ?? null,
      message: cause?.message ?? null,
      since: isoTime(this.#since),
      lastSample: this.#lastSample === 0 ? null : isoTime(this.#lastSample),
      dropped,
    });
    state.set([id, 'info'], {
      ...deviceInfo(this.#description),
      address: this.plan.address,
      connection: { ...this.port.counters, ...this.#link.counters },
      dropped,
    });
  }
}
