/** What the tests of subscriptions share. */
import { EventEmitter, once } from 'node:events';
import type { Client } from 'graphql-ws';
import WebSocket from 'ws';
import { liveClient } from '../clients/live.js';
import type { Session } from '../clients/session.js';
import { BookDocument, ServiceDocument, SlotsDocument } from '../generated/graphql.js';

/** When the clinic has no booking yet but those of the tests. */
export const future = '2030-01-09T00:00:00Z';

/** Socket is a client of sockets that tells how far it is. */
export class Socket {
  readonly client: Client;
  readonly #heard = new EventEmitter();

  constructor(session: Session) {
    this.client = liveClient(session, { webSocketImpl: WebSocket, keepAlive: 100, retryWait: async () => {} });
    this.client.on('connected', () => this.#heard.emit('connected'));
    this.client.on('pong', () => this.#heard.emit('pong'));
  }

  /** The server has let the next connection in. */
  connected(): Promise<unknown> {
    return once(this.#heard, 'connected');
  }

  /** The next ping was answered: the server has read what was sent before it. */
  read(): Promise<unknown> {
    return once(this.#heard, 'pong');
  }
}

/** Inbox keeps what a subscription gives until somebody asks. */
export class Inbox<T> {
  readonly #kept: T[] = [];
  readonly #heard = new EventEmitter();

  put(value: T): void {
    this.#kept.push(value);
    this.#heard.emit('put');
  }

  async take(): Promise<T> {
    while (this.#kept.length === 0) await once(this.#heard, 'put');
    return this.#kept.shift() as T;
  }

  /** Takes until this comes: one change may be told twice. */
  async until(value: T): Promise<void> {
    while ((await this.take()) !== value);
  }
}

/** Books the next free time of one practitioner and gives the id of the booking. */
export async function book(session: Session): Promise<string> {
  const { products } = await session.ask(ServiceDocument, { sku: 'CHAT' });
  const service = products.edges[0]?.node.id ?? '';
  const days = { from: future, to: '2030-01-12T00:00:00Z' };
  const { availableSlots } = await session.ask(SlotsDocument, { service, ...days });
  const [who] = availableSlots.map(({ practitioner }) => practitioner.id).sort();
  const slot = availableSlots.find(({ practitioner }) => practitioner.id === who);
  if (!slot) throw new Error('nothing is free');
  const { bookAppointment } = await session.ask(BookDocument, {
    input: { serviceId: service, practitionerId: slot.practitioner.id, startsAt: slot.startsAt },
  });
  return bookAppointment.booking?.id ?? '';
}
