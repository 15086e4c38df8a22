import type { MqttClient } from 'mqtt';
import type { JournalRecord } from '../../journal/index.ts';
import type { Flight, Lane } from './lane.ts';
import type { Acknowledged, Outgoing } from './outgoing.ts';
import type { Refusals } from './refusals.ts';
import type { PublishOptions, Topics } from './topics.ts';

export interface RecordPublisherParts {
  readonly topics: Topics;
  readonly outgoing: Outgoing;
  readonly refusals: Refusals;
  /** A message was acknowledged. */
  readonly landed: (client: MqttClient) => void;
}

/** Makes the messages of a record, and counts them until all are acknowledged. */
export class RecordPublisher {
  readonly #parts: RecordPublisherParts;
  /** Of the record that is being published. */
  #lane: Lane | undefined;
  #flight: Flight | undefined;
  #acknowledged: Acknowledged = () => {};

  constructor(parts: RecordPublisherParts) {
    this.#parts = parts;
  }

  /** Publishes the next record of a lane; what finds no room waits in its overflow. */
  publish(client: MqttClient, record: JournalRecord, lane: Lane): void {
    const { topics, outgoing, refusals, landed } = this.#parts;
    const flight = lane.take(record.sequence);
    this.#lane = lane;
    this.#flight = flight;
    this.#acknowledged = (error) => {
      if (client !== outgoing.client) return;
      lane.inFlight--;
      if (!error || refusals.ofRecord(error, record)) lane.land(flight);
      landed(client);
    };
    if (record.kind === 'event') this.#queue(topics.events, topics.event(record), topics.passingOptions);
    else if (record.kind === 'sample') {
      if (lane.historical) topics.historical(record, lane.thinner, this.#queue);
      else topics.live(record, lane.thinner, this.#queue);
      // A description of channels is no message, since it stands in the device's state `info`; but some may be gone.
    } else if (!lane.historical) topics.withdrawn(record.source, this.#queue);
    lane.land(flight);
  }

  /** Publishes a record that is delivered in its turn too: as what is true now. */
  publishLatest(client: MqttClient, record: JournalRecord & { kind: 'sample' }, lane: Lane): void {
    const { topics, refusals, landed } = this.#parts;
    this.#lane = lane;
    this.#flight = undefined;
    this.#acknowledged = (error) => {
      if (client !== this.#parts.outgoing.client) return;
      lane.inFlight--;
      if (error) refusals.ofRecord(error, record);
      landed(client);
    };
    topics.live(record, lane.thinner, this.#queue);
  }

  /** Each message is counted before it is sent, since at QoS 0 it may be done at once. */
  readonly #queue = (topic: string, payload: string, options: PublishOptions): void => {
    const { outgoing } = this.#parts;
    const lane = this.#lane;
    if (!lane) return;
    const acknowledged = this.#acknowledged;
    if (this.#flight) this.#flight.pending++;
    lane.inFlight++;
    if (outgoing.full) lane.overflow.push({ topic, payload, options, acknowledged });
    else outgoing.send(topic, payload, options, acknowledged);
  };
}
