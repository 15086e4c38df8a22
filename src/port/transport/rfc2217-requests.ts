import type { SerialSettings } from './serial-settings.ts';

/** The option's number, and its commands as the client gives them; a server answers with 100 more. RFC 2217, section 3. */
export const COM_PORT = 44;
export const ANSWER = 100;
const SET_BAUDRATE = 1;
const SET_DATASIZE = 2;
const SET_PARITY = 3;
const SET_STOPSIZE = 4;
const SET_CONTROL = 5;
export const FLOWCONTROL_SUSPEND = 8;
export const FLOWCONTROL_RESUME = 9;
const PURGE_DATA = 12;

const PARITY = { none: 1, odd: 2, even: 3, mark: 4, space: 5 } as const;
const STOP_SIZE = { 1: 1, 2: 2, 1.5: 3 } as const;
/** The values of SET-CONTROL that are used here. */
const FLOW = { none: 1, 'xon/xoff': 2, 'rts/cts': 3 } as const;
const FLOW_IN = { none: 14, 'xon/xoff': 15 } as const;
const BREAK_ON = 5;
const BREAK_OFF = 6;
const DTR = { on: 8, off: 9 } as const;
const RTS = { on: 11, off: 12 } as const;
/** What they are of: a request and its answer are of the same. Break, DTR, RTS and flow control share one command. */
const CONTROL_GROUPS = [3, 6, 9, 12, 16];
/** A generator of baud rates rounds, and a server may tell what came out; a serial line bears twice as much. */
const BAUD_TOLERANCE = 0.02;

/** One command, and how its answer is read. */
export interface ComPortRequest {
  /** For messages: `parity`. */
  readonly what: string;
  readonly payload: Buffer;
  /** Whether a port can do without: a line that it has not. */
  readonly optional: boolean;
  /** For messages: the payload's value, or another one. */
  show(payload: Buffer): string;
}

/** What makes the port at the server what the instrument needs, flow control included. */
export function settingRequests(settings: SerialSettings): ComPortRequest[] {
  const { baudRate = 9600, dataBits = 8, parity = 'none', stopBits = 1, rtscts, xon = false, dtr, rts } = settings;
  const { xoff = xon } = settings;
  const rate = Buffer.alloc(5, SET_BAUDRATE);
  rate.writeUInt32BE(baudRate, 1);
  const requests: ComPortRequest[] = [
    { what: 'baud rate', payload: rate, optional: false, show: (payload) => showRate(payload) },
    request('data bits', SET_DATASIZE, dataBits, {}),
    request('parity', SET_PARITY, PARITY[parity], PARITY),
    request('stop bits', SET_STOPSIZE, STOP_SIZE[stopBits], STOP_SIZE),
    request('flow control', SET_CONTROL, FLOW[rtscts ? 'rts/cts' : xon ? 'xon/xoff' : 'none'], FLOW),
  ];
  if (!rtscts && xoff !== xon)
    requests.push(request('inbound flow control', SET_CONTROL, FLOW_IN[xoff ? 'xon/xoff' : 'none'], FLOW_IN));
  if (dtr !== undefined) requests.push(request('DTR', SET_CONTROL, DTR[dtr ? 'on' : 'off'], DTR, true));
  if (rts !== undefined && !rtscts) requests.push(request('RTS', SET_CONTROL, RTS[rts ? 'on' : 'off'], RTS, true));
  return requests;
}

export function breakRequest(on: boolean): ComPortRequest {
  const values = { on: BREAK_ON, off: BREAK_OFF };
  return request('break', SET_CONTROL, values[on ? 'on' : 'off'], values, true);
}

/** Both what the server has received from the port and what it has still to send. */
export const purgeRequest: ComPortRequest = request('purge', PURGE_DATA, 3, {}, true);

/** Whether a server's command answers the request, with whatever value. */
export function isAnswerTo({ payload: asked }: ComPortRequest, answer: Buffer): boolean {
  if (answer[0] !== (asked[0] as number) + ANSWER) return false;
  return asked[0] !== SET_CONTROL || groupOf(answer[1]) === groupOf(asked[1]);
}

/** Whether the server has in force what was asked of it. */
export function isAsAsked({ payload: asked }: ComPortRequest, answer: Buffer): boolean {
  if (answer.length !== asked.length) return false;
  if (asked[0] !== SET_BAUDRATE) return answer.subarray(1).equals(asked.subarray(1));
  const rate = asked.readUInt32BE(1);
  return Math.abs(answer.readUInt32BE(1) - rate) <= rate * BAUD_TOLERANCE;
}

function request(
  what: string,
  command: number,
  value: number,
  names: Readonly<Record<string, number>>,
  optional = false,
): ComPortRequest {
  const show = (payload: Buffer): string =>
    Object.entries(names).find(([, number]) => number === payload[1])?.[0] ?? String(payload[1] ?? 'nothing');
  return { what, payload: Buffer.from([command, value]), optional, show };
}

function showRate(payload: Buffer): string {
  return payload.length === 5 ? String(payload.readUInt32BE(1)) : 'no number';
}

function groupOf(value = 0): number {
  return CONTROL_GROUPS.findIndex((last) => value <= last);
}
