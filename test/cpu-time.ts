/**
 * A stopwatch over the work that this process does: a machine that lets it wait adds nothing. For what computes without a
 * pause; what waits is measured by `own-time.ts`.
 *
 * @returns what says the ms until then
 */
export function cpuTime(): () => number {
  const begun = process.cpuUsage();
  return () => {
    const { user, system } = process.cpuUsage(begun);
    return (user + system) / 1000;
  };
}
