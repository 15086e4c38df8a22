import { LabwireError } from '../base/index.ts';

interface Known {
  readonly url: string;
  readonly pattern: RegExp;
  readonly methods: Set<string>;
}

/** The routes of a server, to say of a request that fits none what is wrong with it. */
export class KnownRoutes {
  readonly #known = new Map<string, Known>();

  add(url: string, methods: string | readonly string[]): void {
    const known = this.#known.get(url) ?? { url, pattern: patternOf(url), methods: new Set<string>() };
    this.#known.set(url, known);
    for (const method of [methods].flat()) known.methods.add(method);
  }

  /** NOT_FOUND, or METHOD_NOT_ALLOWED where the path has other methods. */
  refusal(path: string): LabwireError {
    const fitting = [...this.#known.values()].filter(({ pattern }) => pattern.test(path));
    const methods = new Set(fitting.flatMap((known) => [...known.methods]));
    if (methods.size > 0) return new LabwireError('METHOD_NOT_ALLOWED', `Only ${[...methods].sort().join(', ')} here`);
    const pages = [...this.#known.keys()].filter((url) => url !== '*').sort();
    return new LabwireError('NOT_FOUND', `There is no such page here; there are ${pages.join(', ')}`);
  }
}

/** A route's url with `:name` and `*`, as fastify has it. */
function patternOf(url: string): RegExp {
  const written = url
    .split(/(:\w+|\*)/)
    .map((part) => (part === '*' ? '.*' : part.startsWith(':') ? '[^/]+' : escaped(part)));
  return new RegExp(`^${written.join('')}$`, 's');
}

const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
