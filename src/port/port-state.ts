/**
 * `closed`: not wanted open · `opening`: the transport is asked · `settling`: open, and what arrives is discarded ·
 * `open`: in use · `waiting`: until the next attempt.
 */
export type PortState = 'closed' | 'opening' | 'settling' | 'open' | 'waiting';

/**
 * `start`, `stop`: its owner's wish · `opened`, `failed`: how the attempt ended · `settled`: the settle time is over ·
 * `lost`: the connection broke · `reopen`: it is open but dead · `retry`: the wait is over, or the path appeared.
 */
export type PortEvent = 'start' | 'stop' | 'opened' | 'failed' | 'settled' | 'lost' | 'reopen' | 'retry';

const transitions: Readonly<Record<PortState, Partial<Record<PortEvent, PortState>>>> = {
  closed: { start: 'opening' },
  opening: { opened: 'settling', failed: 'waiting', stop: 'closed' },
  settling: { settled: 'open', lost: 'waiting', stop: 'closed' },
  open: { lost: 'waiting', reopen: 'opening', stop: 'closed' },
  waiting: { retry: 'opening', stop: 'closed' },
};

/** The state after an event; the same one where the event means nothing. */
export function nextPortState(state: PortState, event: PortEvent): PortState {
  return transitions[state][event] ?? state;
}
