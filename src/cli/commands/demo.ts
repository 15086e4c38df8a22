import type { ConfigurationInput } from '../../config/index.ts';
import { Gateway } from '../../gateway/index.ts';
import type { LogLevel } from '../arguments.ts';
import type { CliIo } from '../io.ts';
import { LiveTable } from '../live-table.ts';
import { createLogger } from '../log.ts';
import { drivers, emulatedSections, emulators, models } from '../package.ts';

/** Three emulated instruments on emulated ports, and a broker of its own: nothing else is needed. */
const demo: ConfigurationInput = {
  gateway: { id: 'demo' },
  mqtt: { embedded: true },
  server: { port: 0 },
  devices: {
    cryostat: {
      model: 'lakeshore-218',
      label: 'Cryostat',
      port: { emulated: true },
      channels: { input1: { name: 'stage1', label: 'Stage 1' }, input2: { name: 'stage2', label: 'Stage 2' } },
    },
    gps: { model: 'nmea0183', label: 'GPS receiver on the roof', port: { emulated: true } },
    arduino: {
      model: 'line',
      label: 'Climate in the lab',
      port: { emulated: true },
      line: emulatedSections.line,
    },
  },
};

/** `labwire demo`: what to look at, and what the instruments say, until Ctrl-C. */
export async function demoCommand({ logLevel }: { logLevel?: LogLevel }, io: CliIo): Promise<number> {
  const log = createLogger({ level: logLevel ?? 'warn', pretty: io.terminal, env: io.env });
  const gateway = new Gateway(demo, { drivers, models: [models], emulators, log });
  const table = new LiveTable(process.stdout, () => gateway.latest());
  try {
    return await gateway.run(() => {
      io.print(welcome(gateway));
      table.start();
    });
  } finally {
    table.stop();
  }
}

function welcome({ brokerUrl = '', address }: Gateway): string {
  const { hostname, port } = new URL(brokerUrl);
  return `
labwire demo: three emulated instruments, read through real drivers, published by an MQTT broker at ${brokerUrl}

  Subscribe to everything   npx mqtt sub -h ${hostname} -p ${port} -v -t 'labwire/#'
  or, with Mosquitto        mosquitto_sub -h ${hostname} -p ${port} -v -t 'labwire/#'
  One temperature           mosquitto_sub -h ${hostname} -p ${port} -t labwire/demo/cryostat/channels/stage1
  Health                    curl ${address}/healthz
  Control, to try out       ${address}/api/docs
  and from the shell        labwire watch --url ${address}

Ctrl-C ends it. What the instruments say now:

`;
}
