import assert from 'node:assert/strict';
import { EventEmitter, once } from 'node:events';
import { test } from 'node:test';
import { createClient } from 'graphql-sse';
import { signedIn, url } from '../clinic.js';
import { book } from '../live.js';

test('graphql-sse: subscriptions give what happens, each on a connection of its own', async () => {
  const session = await signedIn('customer.a');
  let connected = 0;
  const both = new EventEmitter();
  const client = createClient({ url, headers: () => session.authorization(), retryAttempts: 0 });
  const first = [1, 2].map(() =>
    client.iterate({ query: 'subscription { bookingChanged { id } }' }, { connected: () => ++connected === 2 && both.emit('connected') }).next());
  await once(both, 'connected');
  const id = await book(session);
  for (const { value } of await Promise.all(first)) {
    assert.deepEqual(value, { data: { bookingChanged: { id } } });
  }
  client.dispose();
});

test('graphql-sse: a document that does not fit is an error, and the end of the stream', async () => {
  const session = await signedIn('customer.a');
  const client = createClient({ url, headers: () => session.authorization(), retryAttempts: 0 });
  const stream = client.iterate({ query: 'subscription { nothing }' });
  const { value } = await stream.next();
  assert.equal(value?.errors?.[0]?.extensions?.['code'], 'GRAPHQL_VALIDATION_FAILED');
  assert.equal((await stream.next()).done, true);
  client.dispose();
});
