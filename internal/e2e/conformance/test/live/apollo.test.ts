import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { ApolloClient } from '@apollo/client';
import { filter, firstValueFrom } from 'rxjs';
import { apolloClient } from '../../clients/apollo.js';
import { BookingChangedDocument, BookingsDocument, MeDocument } from '../../generated/graphql.js';
import { expireAccessTokens, signedIn } from '../clinic.js';
import { book, future, Inbox, Socket } from '../live.js';

let client: ApolloClient;
let socket: Socket;

before(async () => {
  const session = await signedIn('customer.a');
  socket = new Socket(session);
  client = apolloClient(session, socket.client);
});
after(() => {
  client.stop();
  return socket.client.dispose();
});

test('Apollo Client signs in', async () => {
  const { data } = await client.query({ query: MeDocument });
  assert.equal(data?.viewer.user?.username, 'customer.a');
});

test('Apollo Client renews an expired access token on its own', async (t) => {
  await expireAccessTokens();
  const sent = t.mock.method(globalThis, 'fetch');
  const answers = await Promise.all(
    [1, 2, 3].map((first) => client.query({ query: BookingsDocument, variables: { first }, fetchPolicy: 'no-cache' })),
  );
  assert.deepEqual(answers.map(({ data }) => data?.bookings.edges.length), [1, 2, 3]);
  assert.ok(sent.mock.calls.some((call) => String(call.arguments[1]?.body).includes('refreshSession')));
});

test('Apollo Client pages a connection', async () => {
  const list = client.watchQuery({ query: BookingsDocument, variables: { first: 4, where: { startsAtLT: future } } });
  let page = (await firstValueFrom(list.pipe(filter(({ loading }) => !loading)))).data?.bookings;
  let pages = 1;
  for (; page?.pageInfo?.hasNextPage && pages < 10; pages++) {
    page = (await list.fetchMore({ variables: { after: page.pageInfo.endCursor } })).data?.bookings;
  }
  const whole = client.readQuery({ query: BookingsDocument, variables: { first: 4, where: { startsAtLT: future } } })?.bookings;
  assert.equal(pages, 3);
  assert.equal(whole?.totalCount, 11);
  assert.equal(new Set(whole?.edges.map(({ node }) => node.id)).size, 11);
});

test('Apollo Client receives a subscription, and goes on with it when its token has expired', async () => {
  const inbox = new Inbox<string | undefined>();
  const watch = client.subscribe({ query: BookingChangedDocument }).subscribe(({ data }) => inbox.put(data?.bookingChanged?.id));
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
