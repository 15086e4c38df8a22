export type Severity = 'info' | 'warning' | 'error';

/** Something that happened, for people and for annotations in a graph. */
export interface EventRecord {
  readonly kind: 'event';
  sequence: number;
  /** Whole µs since the Unix epoch. */
  readonly time: number;
  readonly severity: Severity;
  /** Device id, or undefined for the gateway itself. */
  readonly device?: string;
  /** What family of happening: `task`, `port`, `device`, `configuration`, `gateway`, `journal`, `clock` … */
  readonly eventKind: string;
  /** An error code of labwire, or a word such as `TASK_RECOVERED`. */
  readonly code: string;
  /** A few words. */
  readonly title: string;
  /** The sentence with the cause. */
  readonly text: string;
}

/** Where a page of events ends: the next one goes on behind it. */
export interface EventPlace {
  /** Whole µs since the Unix epoch. */
  readonly time: number;
  readonly sequence: number;
}

/** Which events are asked for, newest first. */
export interface EventQuery {
  /** Whole µs since the Unix epoch, inclusive. */
  readonly from: number;
  /** Whole µs since the Unix epoch, exclusive. */
  readonly to: number;
  /** The most events of a page, ≥ 1. */
  readonly limit: number;
  /** Only what concerns this device. */
  readonly device?: string;
  readonly severity?: Severity;
  readonly eventKind?: string;
  /** Only what comes behind this place, which is older. */
  readonly after?: EventPlace;
}

export interface EventPage {
  readonly events: readonly EventRecord[];
  /** Where the next page begins; undefined where this is the last one. */
  readonly next?: EventPlace;
}

/** Makes a page of events that come newest first, and takes no more of them than it needs. */
export function eventPage(events: Iterable<EventRecord>, query: EventQuery): EventPage {
  const page: EventRecord[] = [];
  for (const event of events) {
    if (!isAskedFor(event, query)) continue;
    const last = page.at(-1);
    if (page.length === query.limit && last)
      return { events: page, next: { time: last.time, sequence: last.sequence } };
    page.push(event);
  }
  return { events: page };
}

function isAskedFor(event: EventRecord, { device, severity, eventKind }: EventQuery): boolean {
  return (
    (device === undefined || event.device === device) &&
    (severity === undefined || event.severity === severity) &&
    (eventKind === undefined || event.eventKind === eventKind)
  );
}
