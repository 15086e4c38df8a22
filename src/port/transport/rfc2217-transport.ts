import { LabwireError, systemClock } from '../../base/index.ts';
import type { Transport } from '../connection.ts';
import { Rfc2217Connection } from './rfc2217-connection.ts';
import type { SerialSettings } from './serial-settings.ts';
import { connectTcp, type SocketOptions, socketAddress } from './socket-transport.ts';

/**
 * A serial port behind a terminal server that lets it be set from here (RFC 2217: ser2net's `telnet(rfc2217)`, Moxa's
 * "real COM", many others): baud rate, data bits, parity, stop bits, flow control, DTR, RTS, break.
 */
export function rfc2217Transport(
  host: string,
  port: number,
  settings: SerialSettings = {},
  options: SocketOptions = {},
): Transport {
  const name = socketAddress('rfc2217', host, port);
  const clock = options.clock ?? systemClock;
  return {
    name,
    simulated: false,
    open: async (events, signal) => {
      if (settings.rtscts && (settings.xon || settings.xoff)) throw twoFlowControls(name);
      const connection = new Rfc2217Connection(name, events, clock);
      const socket = await connectTcp(name, host, port, clock, connection.events, signal);
      try {
        await connection.establish(socket, settings, signal);
      } catch (error) {
        await connection.close();
        throw error;
      }
      return connection;
    },
  };
}

function twoFlowControls(name: string): LabwireError {
  return new LabwireError(
    'PORT_FAILED',
    `${name} cannot have \`rtscts\` together with \`xon\` or \`xoff\`: RFC 2217 knows one kind of flow control at a time`,
  );
}
