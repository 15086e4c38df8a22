/** What the numbers of exceptions say (Modbus Application Protocol 1.1b3, ch. 7), and what to do. */
const EXCEPTIONS: ReadonlyMap<number, readonly [says: string, remedy: string]> = new Map([
  [
    1,
    ['the device does not know this function', 'read another table: holding instead of input, or the other way round'],
  ],
  [2, ['the device has no such address', 'check the addresses in the section "modbus", which count from 0']],
  [3, ['the device does not give so many at once', 'set a smaller "longest" in the section "modbus"']],
  [4, ['the device has failed', 'look at its own display or manual']],
  [5, ['the device has begun something that takes its time', 'ask less often']],
  [6, ['the device is busy', 'ask less often']],
  [8, ['the memory of the device is damaged', 'have it repaired']],
  [0x0a, ['the gateway before the device has no way to it', 'check the address and how the gateway is set']],
  [0x0b, ['the device behind the gateway does not answer', 'check its power, cable and address']],
]);

/** Exceptions that pass: the same question may be answered later. */
const PASSING: ReadonlySet<number> = new Set([6, 0x0b]);

export function isPassing(exception: number): boolean {
  return PASSING.has(exception);
}

/** For messages: `the device has no such address (exception 2); check …`. */
export function exceptionWords(exception: number): string {
  const [says, remedy] = EXCEPTIONS.get(exception) ?? ['the device refuses', 'look into its manual'];
  return `${says} (exception ${exception}); ${remedy}`;
}
