import { type Clock, isoTime, type Logger, silentLogger, systemClock, type Timer, toError } from '../base/index.ts';
import { type Configuration, type ConfigurationInput, type ConfiguredSink, configuredSinks } from '../config/index.ts';
import type { DeviceDescription, Sample } from '../instrument/index.ts';
import type { Journal } from '../journal/index.ts';
import { runUntilStopped, tapErrors } from '../server/index.ts';
import { addMember, Control, type DataService, removeMember, ServiceHost } from '../service/index.ts';
import { version } from '../version.ts';
import { Audit } from './audit.ts';
import { type ConfigurationChange, compareConfigurations, same } from './changes.ts';
import { ClockSteps } from './clock-steps.ts';
import {
  compose,
  configurationError,
  type GatewayParts,
  type Plans,
  parseConfiguration,
  planDevices,
} from './composition.ts';
import { Device } from './device.ts';
import type { Parts } from './device-plan.ts';
import { GatewayEvents } from './gateway-events.ts';
import { changeJournal, makeJournal } from './gateway-journal.ts';
import { GatewayServer } from './gateway-server.ts';
import { GatewayService } from './gateway-service.ts';
import { deviceStatus } from './health.ts';
import { LineSet } from './line-set.ts';
import { requestsTo } from './requests.ts';
import { serverViews } from './server-views.ts';
import { SinkSet } from './sink-set.ts';
import { StateStore } from './state-store.ts';
import type { Vitals } from './vitals.ts';

export interface GatewayOptions extends GatewayParts {
  readonly log?: Logger;
  readonly clock?: Clock;
  /** Of the file system in which USB adapters are looked for; default the system's. For tests without hardware. */
  readonly systemRoot?: string;
  /** Where settings are kept over a restart; none are without it. */
  readonly stateFile?: string;
  /** Where the access tokens are, unless `server.tokens` says it; there are none without either. */
  readonly tokenFile?: string;
  /** Where the journal is; default `journal.path` of the configuration, and in memory without either. */
  readonly journalFile?: string;
}

/** How often counts are told that change all the time. */
const REFRESH_MS = 10_000;
/** A stop ends within 3 s, whatever hangs: tasks first, then what is left for the sinks, but never less than this. */
const STOP_LIMIT_MS = 2_300;
const LEAST_SINK_LIMIT_MS = 500;
const TASK_STOP_CAP_S = 2;
/** Nearly all is committed by then. */
const JOURNAL_LIMIT_MS = 400;

/** Instruments in, MQTT and InfluxDB out: puts the parts together, and starts and stops them in order. */
export class Gateway {
  #parts: Parts;
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #journal: Journal;
  readonly #events: GatewayEvents;
  readonly #clockSteps: ClockSteps;
  readonly #state = new StateStore();
  readonly #root = new GatewayService();
  readonly #control: Control;
  readonly #audit: Audit;
  readonly #host: ServiceHost;
  readonly #server: GatewayServer;
  readonly #sinks: SinkSet;
  readonly #devices = new Map<string, Device>();
  readonly #startedAt: number;
  #configuration: Configuration;
  #plans: Plans;
  readonly #lines: LineSet;
  #running = false;
  /** Paths of the tasks whose bodies had to be left behind at the stop. */
  #abandoned: readonly string[] = [];
  #refresh: Timer | undefined;
  #rounds = 0;
  /** Starting, stopping and changing the configuration never overlap. */
  #turn: Promise<unknown> = Promise.resolve();
  #end: (failure?: Error) => void = () => {};

  /** @throws LabwireError CONFIG_INVALID, which names everything that is wrong */
  constructor(configuration: ConfigurationInput, options: GatewayOptions) {
    this.#log = tapErrors(options.log ?? silentLogger, (level, text) => this.#server?.tellLog(level, text));
    this.#clock = options.clock ?? systemClock;
    this.#parts = compose(options, this.#log);
    this.#configuration = parseConfiguration(configuration, this.#parts);
    this.#plans = this.#plan(this.#configuration, this.#parts);
    this.#startedAt = this.#clock.now();
    const { journal } = this.#configuration;
    const parts = { clock: this.#clock, log: this.#log };
    this.#journal = makeJournal(journal, options.journalFile ?? journal.path, parts);
    this.#events = new GatewayEvents({ journal: this.#journal, ...parts });
    this.#clockSteps = new ClockSteps(this.#clock, (step) => this.#events.clockStepped(step));
    this.#lines = new LineSet({
      clock: this.#clock,
      logFor: (id, shared) => (shared ? this.#log.child({ port: id }) : this.#deviceLog(id)),
      root: options.systemRoot,
    });
    this.#audit = new Audit({ ...parts, event: (event) => this.#events.tell(event) });
    this.#control = new Control(this.#root, {
      readOnly: this.#configuration.gateway.readOnly,
      onWrite: (write) => this.#audit.wrote(write),
    });
    const { stateFile } = options;
    this.#host = new ServiceHost(this.#root, {
      clock: this.#clock,
      log: this.#log,
      logFor: (path) => this.#deviceLog(path.split('.')[0] ?? path),
      ...(stateFile !== undefined && { stateFile }),
      onTaskEvent: (path, event) => this.#events.ofTask(path, event),
      onExit: (_path, error) => this.#end(error),
    });
    this.#server = new GatewayServer(this.#configuration.server, {
      ...parts,
      control: this.#control,
      views: serverViews({
        journal: this.#journal,
        devices: this.#devices,
        lines: this.#lines,
        sinks: () => this.#sinks,
        configuration: () => this.#configuration,
        plans: () => this.#plans,
        parts: () => this.#parts,
        running: () => this.#running,
        clients: () => this.#server.clients,
        state: this.#state,
        systemRoot: options.systemRoot,
      }),
      tokenFile: options.tokenFile,
    });
    this.#sinks = new SinkSet({
      journal: this.#journal,
      state: {
        snapshot: () => this.#state.snapshot(),
        latest: () => this.latest(),
        devices: () => this.#descriptions(),
        onChange: (listener) => this.#state.onChange(listener),
      },
      requestsFor: (name) => requestsTo(this.#control, { name, via: 'mqtt' }),
      clock: this.#clock,
      log: this.#log,
      tell: (name, status) => {
        this.#state.set(['sinks', name], status);
        this.#root.tellSink(name, status);
      },
    });
  }

  /** Where the server listens, e.g. `http://127.0.0.1:8001`; undefined while it does not. */
  get address(): string | undefined {
    return this.#server.address;
  }

  /** Where the embedded broker listens; undefined where there is none. */
  get brokerUrl(): string | undefined {
    return this.#sinks.brokerUrl;
  }

  /** The tree of all that runs: each device is a service under its id. */
  get service(): DataService {
    return this.#root;
  }

  /** For whoever supervises the process. */
  get vitals(): Vitals {
    const { head, committed, state } = this.#journal;
    const health = [...this.#devices.values()].map((device) => deviceStatus(device.health));
    const online = health.filter((status) => status === 'online').length;
    return { devices: health.length, online, rounds: this.#rounds, journal: { state: state.state, head, committed } };
  }

  /** Every configured device as it is now, also while it is being started. */
  *#descriptions(): Iterable<DeviceDescription> {
    for (const [id, { description }] of this.#plans.devices) yield this.#devices.get(id)?.description ?? description;
  }

  /** The newest value of each channel of each device, as samples of one channel each. */
  *latest(): Iterable<Sample> {
    for (const device of this.#devices.values()) yield* device.latest();
  }

  /**
   * Runs until SIGINT, SIGTERM, `stop()`, or a task with `exitOnFailure` that failed.
   *
   * @param started called once everything runs
   * @param stopping called when the stop begins, for whatever reason
   * @returns the exit status: 0 after a clean stop, 1 after a failure, which then is the process's exit code too
   * @throws LabwireError SERVER_ADDRESS where the server cannot listen
   */
  run(started?: () => void, stopping?: () => void): Promise<0 | 1> {
    return runUntilStopped({
      log: this.#log,
      start: async () => {
        await this.start();
        started?.();
      },
      stop: async () => {
        stopping?.();
        await this.stop();
        return [...this.#abandoned, ...this.#control.underWay];
      },
      ended: new Promise((resolve) => {
        this.#end = resolve;
      }),
    });
  }

  /**
   * Starts journal, server, sinks and devices; no failing disk, no unreachable broker and no absent port holds it up. What
   * was stopped is not started again.
   *
   * @throws LabwireError JOURNAL_BUSY, SERVER_ADDRESS
   */
  start(): Promise<void> {
    return this.#inTurn(async () => {
      const { server } = this.#configuration;
      await this.#journal.open();
      this.#journal.onState(({ state }) => {
        // Of whom a journal knows that was found late shows itself only then.
        if (state === 'ok') this.#forgetSinks();
        this.#tellInfo();
      });
      try {
        await this.#server.start(server);
        this.#forgetSinks();
        const { id } = this.#configuration.gateway;
        for (const sink of configuredSinks(this.#configuration)) await this.#sinks.start(sink, id);
      } catch (error) {
        await this.#sinks.stopAll(LEAST_SINK_LIMIT_MS);
        await this.#server.stop();
        await this.#journal.close(JOURNAL_LIMIT_MS);
        throw error;
      }
      this.#running = true;
      this.#clockSteps.start();
      this.#tellInfo();
      for (const id of this.#plans.devices.keys()) this.#add(id);
      await this.#host.start();
      this.#events.started(this.#configuration.gateway.id, this.#devices.size);
      const devices = this.#devices.size === 1 ? '1 device' : `${this.#devices.size} devices`;
      this.#log.info(`${this.#configuration.gateway.id} runs ${devices}; ${this.address}/healthz`);
      this.#scheduleRefresh();
    });
  }

  /** Ends in under 3 s whatever hangs: tasks, then devices (`offline`, `stale`), then the sinks with what is left. */
  stop(): Promise<void> {
    return this.#inTurn(async () => {
      if (!this.#running) return;
      this.#running = false;
      const end = this.#clock.monotonic() + STOP_LIMIT_MS;
      this.#refresh?.cancel();
      this.#clockSteps.stop();
      this.#audit.refresh();
      this.#events.stopped(this.#configuration.gateway.id);
      this.#abandoned = await this.#host.stop(TASK_STOP_CAP_S);
      const portsClosed = [...this.#devices.values()].map((device) => device.stop());
      const sinkLimit = Math.max(LEAST_SINK_LIMIT_MS, end - this.#clock.monotonic());
      await Promise.all([...portsClosed, this.#sinks.stopAll(sinkLimit), this.#server.stop()]);
      this.#devices.clear();
      await this.#journal.close(JOURNAL_LIMIT_MS);
      this.#end();
    });
  }

  /**
   * Goes over to another configuration: only what differs is stopped and started.
   *
   * @param parts what it is composed of from now on; default as before
   * @throws LabwireError CONFIG_INVALID; nothing is changed then
   */
  apply(input: ConfigurationInput, parts?: GatewayParts): Promise<void> {
    return this.#inTurn(async () => {
      const composed = parts ? compose(parts, this.#log) : this.#parts;
      const configuration = parseConfiguration(input, composed);
      const plans = this.#plan(configuration, composed);
      const [before, plansBefore] = [this.#configuration, this.#plans];
      this.#parts = composed;
      this.#configuration = configuration;
      this.#control.readOnly = configuration.gateway.readOnly;
      this.#plans = plans;
      if (!this.#running) return this.#server.apply(before.server, configuration.server);
      const remodelled = (id: string): boolean =>
        !same(plansBefore.devices.get(id)?.model, plans.devices.get(id)?.model) ||
        !same(plansBefore.lines.get(id), plans.lines.get(id));
      const change = compareConfigurations(before, configuration, remodelled);
      const held = change.changed.flatMap((id) => {
        const line = plans.lines.get(id);
        return line && same(line, plansBefore.lines.get(id)) ? [this.#lines.hold(line)] : [];
      });
      try {
        await this.#change(change, before);
      } finally {
        await Promise.all(held.map((letGo) => letGo()));
      }
      this.#tellInfo();
      const { added, removed, changed } = change;
      this.#log.info({ added, removed, changed }, 'configuration applied');
    });
  }

  /** Stops what is no more as it was, and starts what is new. */
  async #change(change: ConfigurationChange, before: Configuration): Promise<void> {
    await Promise.all(change.changed.map((id) => this.#stopDevice(id)));
    for (const device of await Promise.all(change.removed.map((id) => this.#stopDevice(id)))) device?.withdraw();
    if (change.server) await this.#server.apply(before.server, this.#configuration.server);
    changeJournal(this.#journal, before.journal, this.#configuration.journal, this.#log);
    await Promise.all(change.removedSinks.map((name) => this.#removeSink(name)));
    await Promise.all(change.sinks.map((sink) => this.#renewSink(sink)));
    for (const id of [...change.removed, ...change.changed]) this.#state.removeBelow([id]);
    for (const id of [...change.changed, ...change.added]) this.#add(id);
  }

  /** What was left out of the configuration while nothing ran: nothing is kept for it. */
  #forgetSinks(): void {
    const names = new Set(configuredSinks(this.#configuration).map(({ name }) => name));
    for (const name of this.#journal.sinks()) if (!names.has(name)) this.#journal.forget(name);
  }

  async #removeSink(name: string): Promise<void> {
    this.#sinks.withdraw(name);
    await this.#sinks.stop(name, STOP_LIMIT_MS);
    this.#journal.forget(name);
  }

  /** A sink that cannot be started holds up nothing else. */
  async #renewSink(sink: ConfiguredSink): Promise<void> {
    const { name } = sink;
    const { id } = this.#configuration.gateway;
    this.#sinks.withdraw(name, sink, id);
    await this.#sinks.stop(name, STOP_LIMIT_MS);
    try {
      await this.#sinks.start(sink, id);
      for (const device of this.#devices.values()) device.describeAgain();
    } catch (error) {
      this.#log.error({ err: error }, `${toError(error).message}; until this is mended nothing goes to ${name}`);
    }
  }

  #plan(configuration: Configuration, parts: Parts): Plans {
    const plans = planDevices(configuration, parts);
    const { issues } = plans;
    for (const { severity, code, message } of issues) {
      // Of its tasks the service host tells, wherever they come from.
      if (severity === 'warning' && code !== 'TASK_OPTION') this.#log.warn(message);
    }
    if (issues.some(({ severity }) => severity === 'error')) throw configurationError(issues);
    return plans;
  }

  #add(id: string): void {
    const plan = this.#plans.devices.get(id);
    const line = this.#plans.lines.get(id);
    if (!plan || !line) return;
    const device = new Device(plan, line, {
      clock: this.#clock,
      log: this.#deviceLog(plan.id),
      journal: this.#journal,
      state: this.#state,
      lines: this.#lines,
      event: (event) => this.#events.tell(event),
    });
    this.#devices.set(plan.id, device);
    for (const [name, setting] of plan.settings) {
      if (!setting.belongsToInstrument) this.#host.configureSetting(`${plan.id}.${name}`, plan.settingValues.get(name));
    }
    device.start();
    addMember(this.#root, plan.id, plan.instrument);
  }

  async #stopDevice(id: string): Promise<Device | undefined> {
    const device = this.#devices.get(id);
    if (!device) return undefined;
    this.#devices.delete(id);
    removeMember(this.#root, id);
    await Promise.all([...device.plan.tasks.values()].map((task) => task.stopWithin(TASK_STOP_CAP_S)));
    await device.stop();
    return device;
  }

  #tellInfo(): void {
    const { gateway } = this.#configuration;
    this.#state.set(['info'], {
      version,
      startedAt: isoTime(this.#startedAt),
      tags: gateway.tags,
      devices: Object.keys(this.#configuration.devices),
      journal: this.#journal.state,
    });
  }

  #scheduleRefresh(): void {
    this.#refresh = this.#clock.setTimer(() => {
      for (const device of this.#devices.values()) device.refresh();
      this.#sinks.refresh();
      this.#audit.refresh();
      this.#rounds++;
      this.#scheduleRefresh();
    }, REFRESH_MS);
  }

  #deviceLog(device: string): Logger {
    return this.#log.child({ device });
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#turn.then(work);
    this.#turn = result.catch(() => {});
    return result;
  }
}
