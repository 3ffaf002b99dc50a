import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { mayRun, missingParts, reach, type Needs } from '../../clients/needs.js';
import { urqlClient } from '../../clients/urql.js';
import { BookingsDocument, MeDocument, OperationLogsDocument } from '../../generated/graphql.js';
import { signedIn } from '../clinic.js';
import { Socket } from '../live.js';

const manifest = JSON.parse(readFileSync('clients/needs.json', 'utf8')) as Record<string, Needs>;

for (const [login, far] of Object.entries({ 'customer.a': 'OWN', 'staff.north': 'UNIT', 'admin.one': 'ANY' })) {
  test(`what ${login} need not be offered is what the server refuses`, async () => {
    const session = await signedIn(login);
    const socket = new Socket(session);
    const client = urqlClient(session, socket.client);
    const held = (await client.query(MeDocument, {})).data?.viewer.permissions;
    assert.ok(held);
    for (const [name, ask] of Object.entries({
      Bookings: () => client.query(BookingsDocument, { first: 1 }),
      OperationLogs: () => client.query(OperationLogsDocument, {}),
    })) {
      const operation = manifest[name];
      assert.ok(operation, name);
      const { error } = await ask();
      const refused = error?.graphQLErrors.some(({ extensions }) => extensions['code'] === 'FORBIDDEN') ?? false;
      assert.equal(mayRun(operation, held), !refused, `${name}: ${error?.message}`);
    }
    const { Bookings, OperationLogs } = manifest;
    assert.ok(Bookings && OperationLogs);
    assert.equal(reach(Bookings, held), far);
    assert.equal(reach(OperationLogs, held), login === 'admin.one' ? 'ANY' : 'NONE');
    await socket.client.dispose();
  });
}

test('before the sign-in, what is open to everybody can be offered', () => {
  const { SignIn, Bookings, Me } = manifest;
  assert.ok(SignIn && Bookings && Me);
  assert.equal(mayRun(SignIn, null), true);
  assert.equal(mayRun(Bookings, null), false);
  assert.deepEqual(missingParts(Me, []), ['viewer.user']);
  assert.equal(reach(SignIn, []), 'ANY');
});
