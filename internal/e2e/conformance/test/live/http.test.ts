import assert from 'node:assert/strict';
import { test } from 'node:test';
import { auditServer } from 'graphql-http';
import { url } from '../clinic.js';

/** Audits of what a server MAY do with GET. The graph is asked with POST alone. */
const byGET = ['5A70', '6A70', 'D6D5'];

test('graphql-http: every audit is ok, but for those of GET', async () => {
  const results = await auditServer({ url });
  const findings = results.filter((result) => result.status !== 'ok');
  for (const finding of findings) {
    console.log(`${finding.id} ${finding.status}: ${finding.name}: ${'reason' in finding ? finding.reason : ''}`);
  }
  console.log(`graphql-http: ${results.length - findings.length} of ${results.length} audits are ok`);
  assert.equal(results.length, 61);
  assert.deepEqual(findings.map(({ id, status }) => `${id} ${status}`).sort(), byGET.map((id) => `${id} notice`));
});
