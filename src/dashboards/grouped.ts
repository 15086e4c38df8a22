/** Groups by a name, in the order of the names: what is written does not depend on the order in which things were configured. */
export function grouped<T>(all: readonly T[], nameOf: (item: T) => string): [name: string, items: T[]][] {
  const groups = new Map<string, T[]>();
  for (const item of all) {
    const name = nameOf(item);
    const group = groups.get(name);
    if (group) group.push(item);
    else groups.set(name, [item]);
  }
  return [...groups].sort(([a], [b]) => (a < b ? -1 : 1));
}
