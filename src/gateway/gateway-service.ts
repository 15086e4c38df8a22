import { addMember, DataService, reading, removeMember } from '../service/index.ts';
import type { SinkStatus } from '../sinks/index.ts';

/** What clients see of one broker, database or folder. */
class SinkService extends DataService {
  readonly connected = reading({ type: 'boolean', doc: 'Whether it can be reached.' });
  readonly lag = reading({ type: 'integer', doc: 'Records that it has not got yet.' });
  readonly lagSeconds = reading({ unit: 's', doc: 'Age of the oldest of them.' });
  readonly rate = reading({ doc: 'Records per second, over about the last 10 s.' });
  readonly delivered = reading({ type: 'integer', doc: 'Records that it got since the start.' });
  readonly retries = reading({ type: 'integer', doc: 'Attempts that failed and were made again.' });
  readonly dropped = reading({ type: 'integer', doc: 'Records that it will never get.' });
  readonly lastError = reading({ type: 'text', doc: 'What is wrong with it; nothing if all is well.' });

  tell(status: SinkStatus): void {
    this.connected.value = status.connected;
    this.lag.value = status.lag;
    this.lagSeconds.value = status.lagSeconds;
    this.rate.value = status.rate;
    this.delivered.value = status.delivered;
    this.retries.value = status.retries;
    this.dropped.value = status.dropped;
    this.lastError.value = status.lastError;
  }
}

/** The sinks of a gateway, each a service under its name. */
class Sinks extends DataService {}

/** The root of all that clients see: each device a service under its id, and the sinks. */
export class GatewayService extends DataService {
  readonly sinks: DataService = new Sinks();
  readonly #sinks = new Map<string, SinkService>();

  /** Takes what a sink says about itself; undefined when it is gone. */
  tellSink(name: string, status: SinkStatus | undefined): void {
    const known = this.#sinks.get(name);
    if (!status) {
      this.#sinks.delete(name);
      removeMember(this.sinks, name);
      return;
    }
    const service = known ?? new SinkService();
    service.tell(status);
    if (known) return;
    this.#sinks.set(name, service);
    addMember(this.sinks, name, service);
  }
}
