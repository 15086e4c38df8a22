import { LabwireError, silentLogger, systemClock } from '../base/index.ts';
import { type Framing, Port, type Transport } from '../port/index.ts';
import type { TrafficListener } from './gateway-traffic.ts';

/**
 * Opens a port that nobody else has, and tells what comes until the signal ends it; one that is lost later is waited for.
 *
 * @throws LabwireError when it cannot be opened at first: PORT_ABSENT, PORT_BUSY, PORT_DENIED, PORT_FAILED
 */
export async function followPort(
  transport: Transport,
  framing: Framing,
  listener: Pick<TrafficListener, 'entry'>,
  signal: AbortSignal,
): Promise<void> {
  const clock = systemClock;
  const port = new Port({ transport, clock, log: silentLogger });
  const { traffic } = port;
  const framer = framing.createFramer(
    ({ text, at }) => traffic.note('frame', text, at),
    (reason, bytes) => traffic.note('dropped', `${reason}, ${bytes} bytes`, clock.now()),
    clock,
  );
  traffic.onEntry((entry) => listener.entry(entry));
  port.onData((bytes) => framer.push(bytes, clock.now()));
  port.onLost(() => framer.reset());
  try {
    await new Promise<void>((resolve, reject) => {
      if (signal.aborted) return resolve();
      signal.addEventListener('abort', () => resolve(), { once: true });
      port.onChange((state, reason) => {
        if (state === 'waiting' && port.counters.opens === 0) reject(reason);
      });
      port.start();
    });
  } catch (error) {
    throw error instanceof LabwireError && error.code === 'PORT_BUSY'
      ? new LabwireError('PORT_BUSY', `${error.detail}; a gateway that has it shows its traffic: give its \`--url\``, {
          cause: error,
        })
      : error;
  } finally {
    framer.reset();
    await port.stop();
  }
}
