import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';

const artifacts = 'generated/relay';

test('relay-compiler: fragments with @refetchable and @connection compile', () => {
  const made = readdirSync(artifacts).filter((name) => name.endsWith('.graphql.js')).sort();
  assert.deepEqual(made, [
    'CustomerBookingsCancelMutation', 'CustomerBookingsPageQuery', 'CustomerBookingsQuery', 'CustomerBookingsRowQuery',
    'CustomerBookingsRow_booking', 'CustomerBookingsViewerQuery', 'CustomerBookings_customer',
  ].map((name) => `${name}.graphql.js`).sort());
});

test('relay-compiler: refetching goes through node, and pages by cursors', () => {
  const page = Object.values(JSON.parse(readFileSync(`${artifacts}/documents.json`, 'utf8')) as Record<string, string>)
    .find((text) => text.includes('query CustomerBookingsPageQuery'));
  assert.match(page ?? '', /node\(id: \$id\)/);
  assert.match(page ?? '', /pageInfo \{\s+endCursor\s+hasNextPage/);
});
