import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Client } from 'urql';
import { urqlClient } from '../../clients/urql.js';
import { BookingChangedDocument, BookingsDocument, MeDocument } from '../../generated/graphql.js';
import { expireAccessTokens, signedIn } from '../clinic.js';
import { book, future, Inbox, Socket } from '../live.js';

let client: Client;
let socket: Socket;

before(async () => {
  const session = await signedIn('customer.a');
  socket = new Socket(session);
  client = urqlClient(session, socket.client);
});
after(() => socket.client.dispose());

test('urql signs in', async () => {
  const { data, error } = await client.query(MeDocument, {});
  assert.equal(error, undefined);
  assert.equal(data?.viewer.user?.username, 'customer.a');
});

test('urql renews an expired access token on its own', async (t) => {
  await expireAccessTokens();
  const sent = t.mock.method(globalThis, 'fetch');
  const answers = await Promise.all(
    [1, 2, 3].map((first) => client.query(BookingsDocument, { first }, { requestPolicy: 'network-only' })),
  );
  assert.deepEqual(answers.map(({ data }) => data?.bookings.edges.length), [1, 2, 3]);
  assert.ok(sent.mock.calls.some((call) => String(call.arguments[1]?.body).includes('refreshSession')));
});

test('urql pages a connection', async () => {
  const ids = new Set<string>();
  let after: string | null | undefined;
  let pages = 0;
  do {
    const { data, error } = await client.query(BookingsDocument, { first: 4, after, where: { startsAtLT: future } });
    assert.equal(error, undefined);
    assert.ok(data);
    for (const { node } of data.bookings.edges) ids.add(node.id);
    after = data.bookings.pageInfo.hasNextPage ? data.bookings.pageInfo.endCursor : undefined;
    pages++;
  } while (after && pages < 10);
  assert.equal(pages, 3);
  assert.equal(ids.size, 11);
});

test('urql receives a subscription, and goes on with it when its token has expired', async () => {
  const inbox = new Inbox<string | undefined>();
  const watch = client.subscription(BookingChangedDocument, {}).subscribe(({ data }) => inbox.put(data?.bookingChanged?.id));
  await socket.connected();
  await socket.read();
  await inbox.until(await book(await signedIn('customer.a')));

  await expireAccessTokens();
  const again = socket.connected();
  await book(await signedIn('customer.a')); // closes the socket, whose token has ended
  await again;
  await socket.read();
  await inbox.until(await book(await signedIn('customer.a')));
  watch.unsubscribe();
});
