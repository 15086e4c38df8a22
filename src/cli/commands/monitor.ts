import { existsSync } from 'node:fs';
import { LabwireError, maskSecrets, silentLogger, sleep, systemClock, toError } from '../../base/index.ts';
import { type FoundLine, findLine, portName, transportTo } from '../../gateway/index.ts';
import { DEFAULT_CONFIG } from '../arguments.ts';
import { givenToken } from '../gateway-access.ts';
import { type FollowEnd, followGateway, type PortFacts } from '../gateway-traffic.ts';
import { gatewayUrl } from '../gateway-url.ts';
import type { CliIo } from '../io.ts';
import { createLogger } from '../log.ts';
import { MonitorOutput } from '../monitor-output.ts';
import { lineNamed, type MonitoredSite, spelled } from '../monitored-line.ts';
import { followPort } from '../own-port.ts';
import { siteCatalogue, siteParts } from '../package.ts';
import { Recording } from '../recording.ts';
import { readSite } from '../site.ts';
import { visibleWords } from '../terminal-text.ts';
import { TrafficText } from '../traffic-text.ts';
import { modelNamed, serialInWords } from './models.ts';

export interface MonitorOptions extends Pick<FoundLine['serial'], 'baudRate' | 'dataBits' | 'parity' | 'stopBits'> {
  /** Default labwire.yaml, where there is one. */
  readonly config?: string;
  /** Of a gateway; given, no port is opened here. */
  readonly url?: string;
  /** Default `LABWIRE_TOKEN`. */
  readonly token?: string;
  readonly record?: string;
  readonly model?: string;
  readonly hex?: boolean;
  readonly text?: boolean;
  readonly json?: boolean;
}

/** From the end of what a gateway said to the next question whether it says more. */
const AGAIN_MS = 1_000;

/**
 * `labwire monitor`: what goes over a port, from the gateway that has it open; without one the port is opened here, and
 * what comes is shown.
 */
export async function monitorCommand(name: string, options: MonitorOptions, io: CliIo): Promise<number> {
  const { model: modelId, config, url, json } = options;
  const catalogue = siteCatalogue(config ?? DEFAULT_CONFIG, silentLogger);
  const model = modelId === undefined ? undefined : modelNamed(modelId, catalogue);
  const site = await siteOf(config, io);
  const recording = options.record === undefined ? undefined : Recording.open(options.record);
  const stop = new AbortController();
  const { signal } = stop;
  void io.untilStopped(signal).then(() => stop.abort());
  let failure: unknown;
  let source = '';
  const output = new MonitorOutput({
    print: (text) => io.print(text),
    text: json ? undefined : textOf(options, io),
    recording,
    greet: (facts) => {
      if (!json) io.print(heading(name, facts, source));
    },
    fail: (error) => {
      failure ??= error;
      stop.abort();
    },
  });
  try {
    const token = givenToken(options.token, io);
    const asked = url ?? gatewayUrl(site.configuration);
    source = maskSecrets(`from the gateway at ${asked}`);
    const found = site.configuration && findLine(name, site.configuration, site.parts, silentLogger);
    const end =
      asked === undefined ? undefined : await followAll(asked, spelled(name, found), output, signal, io, token);
    if (end && url !== undefined) throw notThere(url, end);
    if (asked === undefined || end) {
      source = 'opened by this command';
      const line = lineNamed(name, found, { model, serial: serialOf(options) }, site);
      output.facts({
        port: portName(line.port),
        state: 'opening',
        serial: line.serial as PortFacts['serial'],
        ring: source,
      });
      await followPort(transportTo(line.port, line.serial), line.framing, output, signal);
    }
    if (failure !== undefined) throw toError(failure);
    return 0;
  } finally {
    stop.abort();
    recording?.close();
  }
}

/**
 * Follows a port over restarts of its device and of its gateway.
 *
 * @returns why, if the gateway has nothing to say of it in the first place
 */
async function followAll(
  url: string,
  name: string,
  output: MonitorOutput,
  signal: AbortSignal,
  io: CliIo,
  token: string | undefined,
): Promise<FollowEnd | undefined> {
  let first = true;
  let told = '';
  while (!signal.aborted) {
    const end = await followGateway(url, name, output, signal, token);
    if (signal.aborted) break;
    if (first && end.end !== 'over') return end;
    first = false;
    if (end.reason !== told) io.complain(`${name}: ${end.reason}; waiting for more`);
    told = end.reason;
    await sleep(systemClock, AGAIN_MS, signal).catch(() => undefined);
  }
  return undefined;
}

/** A port can be watched without a configuration, and with one that has mistakes. */
async function siteOf(config: string | undefined, io: CliIo): Promise<MonitoredSite> {
  const file = config ?? DEFAULT_CONFIG;
  const log = createLogger({ pretty: io.terminal, env: io.env });
  const given = await siteParts(file, log);
  if (config === undefined && !existsSync(file)) return { parts: given };
  const { configuration, parts } = readSite(file, given, log);
  if (!configuration) io.complain(`${file} cannot be used and is left aside; \`labwire check\` says why`);
  return { parts, ...(configuration && { configuration }) };
}

function serialOf({ baudRate, dataBits, parity, stopBits }: MonitorOptions): FoundLine['serial'] {
  const all = Object.entries({ baudRate, dataBits, parity, stopBits });
  return Object.fromEntries(all.filter(([, value]) => value !== undefined));
}

function textOf({ hex, text }: MonitorOptions, io: CliIo): TrafficText {
  const only = hex ? 'hex' : text ? 'text' : undefined;
  return new TrafficText({ only, colours: io.outputTerminal === true && !io.env.NO_COLOR });
}

function heading(name: string, { port, state, serial }: PortFacts, source: string): string {
  const line = Object.values(serial).some((value) => value !== undefined) ? [serialInWords(serial)] : [];
  const where = name === port ? [] : [port];
  return `${[name, ...where, ...line, state, source].map(visibleWords).join(', ')}; Ctrl-C ends it`;
}

function notThere(url: string, { end, reason }: FollowEnd): LabwireError {
  if (end === 'unknown') return new LabwireError('USAGE', `The gateway at ${url} says: ${reason}`);
  const message = `No gateway answers at ${url}: ${reason}; is it running, and is that its address?`;
  return new LabwireError('GATEWAY_UNREACHABLE', message);
}
