import type { DevicePlan } from './device-plan.ts';
import type { SerialFacts } from './port-options.ts';

/**
 * From a question's last bit to its answer's first one, in seconds: instruments on field buses take about 10 ms, and
 * adapters as much again.
 */
const TURN_AROUND_S = 0.02;

/**
 * The part of the time for which a line is busy when every device on it is asked as often as it is configured to be:
 * bytes times the time of their bits, and for each question a turn-around and the pause that it needs.
 *
 * @param members what is on the line; a talker, or a driver that does not tell its exchanges, counts as nothing
 */
export function lineLoad(
  line: { readonly serial: SerialFacts; readonly spacing: number | undefined },
  members: readonly Pick<DevicePlan, 'exchanges' | 'settings' | 'settingValues' | 'timing'>[],
): number {
  const characterS = characterTime(line.serial);
  let load = 0;
  for (const { exchanges, settings, settingValues, timing } of members) {
    const interval = settingValues.get('interval') ?? settings.get('interval')?.value;
    if (typeof interval !== 'number' || interval <= 0) continue;
    const spacing = Math.max(line.spacing ?? 0, timing.spacing ?? 0);
    for (const { sent, received } of exchanges) {
      load += ((sent + received) * characterS + TURN_AROUND_S + spacing) / interval;
    }
  }
  return load;
}

/** Of one character on a line, in seconds: a start bit, and what follows it. */
export function characterTime({ baudRate = 9600, dataBits = 8, parity = 'none', stopBits = 1 }: SerialFacts): number {
  return (1 + dataBits + (parity === 'none' ? 0 : 1) + stopBits) / baudRate;
}
