import type { Clock, Logger } from '../base/index.ts';
import { Bus, type Emulator, type EmulatorOptions, Port } from '../port/index.ts';
import type { PortView } from '../server/index.ts';
import { characterTime } from './line-load.ts';
import type { LinePlan } from './line-plan.ts';
import { isEmulated, milliseconds, transportTo } from './port-options.ts';

export interface LineSetParts {
  readonly clock: Clock;
  /** @param line whether the id is that of a shared line, and not of a device */
  logFor(id: string, shared: boolean): Logger;
  /** Of the file system in which USB adapters are looked for; default the system's. */
  readonly root: string | undefined;
}

/** A device's place on its line. */
export interface LineSeat {
  readonly port: Port;
  readonly bus: Bus;
  /** Gives the line up; the last one closes its port. */
  leave(): Promise<void>;
}

interface Line {
  readonly plan: LinePlan;
  readonly port: Port;
  readonly bus: Bus;
  readonly attach: ((emulator: Emulator, options: EmulatorOptions) => () => void) | undefined;
  members: number;
}

/** The open lines of a gateway: a port each, with a bus on which its devices take turns. */
export class LineSet {
  readonly #parts: LineSetParts;
  readonly #lines = new Map<string, Line>();

  constructor(parts: LineSetParts) {
    this.#parts = parts;
  }

  /** The ids of all lines. */
  names(): readonly string[] {
    return [...this.#lines.values()].map(({ plan }) => plan.id);
  }

  /** A line as the server shows it, by its id or by what its port is called: of two with one id the shared one. */
  find(name: string): PortView | undefined {
    const lines = [...this.#lines.values()];
    const line =
      lines.find(({ plan }) => plan.shared && plan.id === name) ??
      lines.find(({ plan }) => plan.id === name) ??
      lines.find(({ port }) => port.name === name);
    return line && view(line);
  }

  /** @param emulator put on the line, where that is emulated */
  join(plan: LinePlan, emulator: Emulator | undefined, options: EmulatorOptions): LineSeat {
    const key = keyOf(plan);
    const line = this.#lines.get(key) ?? this.#open(plan);
    this.#lines.set(key, line);
    line.members++;
    const detach = emulator && line.attach?.(emulator, options);
    let left = false;
    return {
      port: line.port,
      bus: line.bus,
      leave: async () => {
        if (left) return;
        left = true;
        detach?.();
        if (--line.members > 0) return;
        this.#lines.delete(key);
        line.bus.close();
        await line.port.stop();
      },
    };
  }

  /**
   * Keeps a line open, if it is, while its devices are made anew: an instrument on it may still owe an answer to a
   * question of before. @returns lets it go
   */
  hold(plan: LinePlan): () => Promise<void> {
    return this.#lines.has(keyOf(plan)) ? this.join(plan, undefined, {}).leave : async () => {};
  }

  #open(plan: LinePlan): Line {
    const { id, shared, port: where, serial, settle, spacing } = plan;
    const { clock, logFor, root } = this.#parts;
    const transport = transportTo(where, serial, root);
    const settleMs = milliseconds(settle);
    const port = new Port({
      transport,
      clock,
      log: logFor(id, shared),
      ...(settleMs !== undefined && { settleMs }),
    });
    const spacingMs = milliseconds(spacing);
    const bus = new Bus({
      port,
      clock,
      characterMs: 1000 * characterTime(serial),
      ...(spacingMs !== undefined && { spacingMs }),
      ...(serial.echo !== undefined && { echo: serial.echo }),
    });
    const attach = isEmulated(transport)
      ? (emulator: Emulator, options: EmulatorOptions) => transport.attach(emulator(options))
      : undefined;
    return { plan, port, bus, attach, members: 0 };
  }
}

function keyOf({ shared, id }: LinePlan): string {
  return `${shared ? 'ports' : 'devices'}.${id}`;
}

function view({ plan, port }: Line): PortView {
  return {
    name: port.name,
    get state() {
      return port.state;
    },
    get counters() {
      return port.counters;
    },
    serial: plan.serial,
    traffic: port.traffic,
  };
}
