import assert from 'node:assert/strict';
import { test } from 'node:test';
import { auditServer } from 'graphql-http';
import { url, urlByGET } from '../clinic.js';

/** Audits of what a server MAY do with GET. */
const byGET = ['5A70', '6A70', 'D6D5'];

async function audit(address: string): Promise<string[]> {
  const results = await auditServer({ url: address });
  const findings = results.filter((result) => result.status !== 'ok');
  for (const finding of findings) {
    console.log(`${finding.id} ${finding.status}: ${finding.name}: ${'reason' in finding ? finding.reason : ''}`);
  }
  console.log(`graphql-http: ${results.length - findings.length} of ${results.length} audits are ok`);
  assert.equal(results.length, 61);
  return findings.map(({ id, status }) => `${id} ${status}`).sort();
}

test('graphql-http: where queries are served by GET, every audit is ok', async () => {
  assert.deepEqual(await audit(urlByGET), []);
});

test('graphql-http: by default every audit is ok, but for those of GET', async () => {
  assert.deepEqual(await audit(url), byGET.map((id) => `${id} notice`));
  const response = await fetch(`${url}?query=%7B__typename%7D`);
  assert.equal(response.status, 405);
  assert.equal(response.headers.get('Allow'), 'POST');
});
