import type { ConfigIssue } from '../base/index.ts';
import type { Configuration, PortConfiguration } from '../config/index.ts';
import type { DevicePlan } from './device-plan.ts';
import { atSite, type Concealed, Findings } from './findings.ts';
import { lineLoad } from './line-load.ts';
import type { SerialFacts } from './port-options.ts';

/** One line with one or more instruments on it. */
export interface LinePlan {
  /** That of its device, or its name in `ports`. */
  readonly id: string;
  readonly shared: boolean;
  readonly port: PortConfiguration;
  readonly serial: SerialFacts;
  /** In seconds; of a shared line its own alone. */
  readonly settle: number | undefined;
  /** Least time between any two transactions on it, in seconds. */
  readonly spacing: number | undefined;
}

export interface PlannedLines {
  /** By device. */
  readonly lines: ReadonlyMap<string, LinePlan>;
  readonly issues: readonly ConfigIssue[];
}

/** Which devices share a line, how each line is set, and whether that can be. */
export function planLines(
  configuration: Configuration,
  devices: ReadonlyMap<string, DevicePlan>,
  concealed: Concealed = () => false,
): PlannedLines {
  const lines = new Map<string, LinePlan>();
  const issues: ConfigIssue[] = [];
  const sharing = new Map<string, DevicePlan[]>();
  for (const plan of devices.values()) {
    const { port } = plan.configuration;
    if (typeof port === 'string') sharing.set(port, [...(sharing.get(port) ?? []), plan]);
    else lines.set(plan.id, ownLine(plan, port));
  }
  for (const [name, plans] of sharing) {
    for (const [id, line] of shareLine(name, plans, configuration, concealed, issues)) lines.set(id, line);
  }
  issues.push(...unused(configuration), ...overloaded(lines, devices, concealed));
  return { lines, issues };
}

function ownLine({ id, serial, timing }: DevicePlan, port: PortConfiguration): LinePlan {
  return { id, shared: false, port, serial, settle: timing.settle, spacing: undefined };
}

function shareLine(
  name: string,
  plans: readonly DevicePlan[],
  { ports }: Configuration,
  concealed: Concealed,
  issues: ConfigIssue[],
): Map<string, LinePlan> {
  const lines = new Map<string, LinePlan>();
  const shared = ports[name];
  const [first] = plans;
  // That there is no such line has been said of each of its devices.
  if (!shared || !first) return lines;
  const { serial: _, timing, ...port } = shared;
  // The same whichever of its devices comes first: who stays is not to feel that another one goes.
  const serial = { ...BY_DEFAULT, ...first.serial };
  const line: LinePlan = { id: name, shared: true, port, serial, settle: timing?.settle, spacing: timing?.spacing };
  const owners = new Map<string, string>();
  for (const plan of plans) {
    lines.set(plan.id, line);
    const findings = new Findings(plan.id, plan.model.id, concealed);
    if (plans.length > 1) checkSharing(plan, first, owners, name, findings);
    issues.push(...findings.issues);
  }
  return lines;
}

/** Several instruments on a line are told apart by their addresses, and all hear the same bits. */
function checkSharing(
  plan: DevicePlan,
  first: DevicePlan,
  owners: Map<string, string>,
  line: string,
  findings: Findings,
): void {
  if (plan.address === undefined) {
    const text = `is ${line}, which other devices share, but instruments with the driver "${plan.model.driver}" have no addresses; give it a port of its own`;
    findings.add({ code: 'CONFIG_INVALID', place: atSite('port'), text });
    return;
  }
  const owner = owners.get(String(plan.address));
  if (owner === undefined) owners.set(String(plan.address), plan.id);
  else {
    const place = plan.configuration.address === undefined ? atSite() : atSite('address');
    const text = `has the address ${plan.address} on ${line}, as ${owner} has; give them different ones`;
    findings.add({ code: 'CONFIG_INVALID', place, at: 'key', text });
  }
  const fault = difference(plan.serial, first.serial);
  if (fault === undefined) return;
  const text = `makes it differ in ${fault} from ${first.id} on the same line; say under ports.${line}.serial how the line is set`;
  findings.add({ code: 'CONFIG_INVALID', place: atSite('model'), text });
}

const BY_DEFAULT: SerialFacts = { baudRate: 9600, dataBits: 8, parity: 'none', stopBits: 1 };

/** The first thing in which two instruments want their line differently. */
function difference(one: SerialFacts, other: SerialFacts): string | undefined {
  const [a, b] = [one, other].map((facts) => ({ ...BY_DEFAULT, ...facts })) as [SerialFacts, SerialFacts];
  const keys = new Set([...Object.keys(a), ...Object.keys(b)]) as Set<keyof SerialFacts>;
  const differing = [...keys].find((key) => a[key] !== b[key]);
  return differing && `${differing} (${a[differing] ?? 'default'}, ${b[differing] ?? 'default'})`;
}

function unused({ ports, devices }: Configuration): ConfigIssue[] {
  const used = new Set(Object.values(devices).map(({ port }) => port));
  return Object.keys(ports)
    .filter((name) => !used.has(name))
    .map((name) => ({
      code: 'CONFIG_INVALID',
      path: ['ports', name],
      at: 'key',
      message: `ports.${name} is used by no device`,
      severity: 'warning',
    }));
}

/** More than this of the time, and a retry or a slow answer is felt by all others on the line. */
const MOST_LOAD = 1;

/** A plan that cannot be kept: its bytes take longer than its intervals. */
function overloaded(
  lines: ReadonlyMap<string, LinePlan>,
  devices: ReadonlyMap<string, DevicePlan>,
  concealed: Concealed,
): ConfigIssue[] {
  const issues: ConfigIssue[] = [];
  for (const line of new Set(lines.values())) {
    if ('emulated' in line.port) continue;
    const members = [...devices.values()].filter(({ id }) => lines.get(id) === line);
    const load = lineLoad(line, members);
    if (load <= MOST_LOAD) continue;
    const percent = Math.round(load * 100);
    const remedy = 'ask less often (interval), set a higher baud rate, or switch channels off';
    if (line.shared) {
      const message = `ports.${line.id} is asked for ${percent} % of the time that there is: ${remedy}`;
      issues.push({ code: 'CONFIG_INVALID', path: ['ports', line.id], at: 'key', message, severity: 'warning' });
    } else {
      const findings = new Findings(line.id, members[0]?.model.id ?? '', concealed);
      const text = `asks for ${percent} % of the time that its line has: ${remedy}`;
      findings.add({ code: 'CONFIG_INVALID', place: atSite(), at: 'key', text, severity: 'warning' });
      issues.push(...findings.issues);
    }
  }
  return issues;
}
