import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import type { GraphQLFormattedError } from 'graphql';
import { CloseCode } from 'graphql-ws';
import WebSocket from 'ws';
import { signedIn, url } from '../clinic.js';
import { book, Inbox, Socket } from '../live.js';

const protocol = 'graphql-transport-ws';
const subscription = 'subscription { bookingChanged { id } }';

const init = JSON.stringify({ type: 'connection_init' });
const subscribe = JSON.stringify({ id: '1', type: 'subscribe', payload: { query: subscription } });

/**
 * What a client does wrong, and the code that the protocol closes the socket
 * with: https://github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md
 */
const offences: [what: string, code: CloseCode, offend: () => Promise<WebSocket>][] = [
  ['a message that is not JSON', CloseCode.BadRequest, () => connected('{"type":')],
  ['a message without a type', CloseCode.BadRequest, () => connected('{"id":"1"}')],
  ['a message of an unknown type', CloseCode.BadRequest, () => connected('{"type":"start"}')],
  ['subscribing before connection_init', CloseCode.Unauthorized, () => connected(subscribe)],
  ['no subprotocol', CloseCode.SubprotocolNotAcceptable, async () => new WebSocket(url)],
  ['no connection_init in time', CloseCode.ConnectionInitialisationTimeout, () => connected()],
  ['an id that is taken', CloseCode.SubscriberAlreadyExists, () => acknowledged(subscribe, subscribe)],
  ['a second connection_init', CloseCode.TooManyInitialisationRequests, () => acknowledged(init)],
];

for (const [what, code, offend] of offences) {
  test(`${protocol}: ${what} closes with ${code}`, async () => {
    const socket = await offend();
    const [closed] = (await once(socket, 'close')) as [number];
    assert.equal(closed, code);
  });
}

async function connected(...messages: string[]): Promise<WebSocket> {
  const socket = new WebSocket(url, protocol);
  await once(socket, 'open');
  for (const message of messages) socket.send(message);
  return socket;
}

/** A connection whose init with a good token was acknowledged. */
async function acknowledged(...messages: string[]): Promise<WebSocket> {
  const session = await signedIn('staff.north');
  const socket = await connected(JSON.stringify({ type: 'connection_init', payload: session.authorization() }));
  const [answer] = await once(socket, 'message');
  assert.equal(JSON.parse(String(answer)).type, 'connection_ack');
  for (const message of messages) socket.send(message);
  return socket;
}

test('graphql-ws: a subscription is told of, and completed', async () => {
  const session = await signedIn('customer.a');
  const socket = new Socket(session);
  const inbox = new Inbox<unknown>();
  const ended = new Promise<void>((complete, error) => {
    const stop = socket.client.subscribe({ query: subscription }, {
      next: (result) => {
        inbox.put(result);
        stop();
      },
      complete,
      error,
    });
  });
  await socket.connected();
  await socket.read();
  const id = await book(session);
  assert.deepEqual(await inbox.take(), { data: { bookingChanged: { id } } });
  await ended;
  await socket.client.dispose();
});

test('graphql-ws: what is refused ends with its errors, and the socket stays', async () => {
  const socket = new Socket(await signedIn('customer.a'));
  const results = { nothing: 'GRAPHQL_VALIDATION_FAILED', 'bookingChanged(id: "x") { id }': 'BAD_USER_INPUT' };
  for (const [field, code] of Object.entries(results)) {
    const stream = socket.client.iterate({ query: `subscription { ${field} }` });
    const errors = await stream.next().then(({ value }) => value?.errors, (refused: unknown) => refused);
    assert.equal((errors as GraphQLFormattedError[])[0]?.extensions?.['code'], code);
  }
  await socket.client.dispose();
});
