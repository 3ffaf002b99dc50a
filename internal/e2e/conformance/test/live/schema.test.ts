import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import {
  buildClientSchema, buildSchema, getIntrospectionQuery, type GraphQLSchema, introspectionFromSchema, type IntrospectionQuery,
  isIntrospectionType, isSpecifiedDirective, isSpecifiedScalarType, lexicographicSortSchema, validateSchema,
} from 'graphql';
import { url } from '../clinic.js';

const everything = { descriptions: true, specifiedByUrl: true, directiveIsRepeatable: true, schemaDescription: true, inputValueDeprecation: true };

async function live(): Promise<GraphQLSchema> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ query: getIntrospectionQuery(everything) }),
  });
  const { data, errors } = (await response.json()) as { data: IntrospectionQuery; errors?: unknown };
  assert.equal(errors, undefined);
  return buildClientSchema(data);
}

/** What introspection shows of our own types and directives, by their names. */
function shown(schema: GraphQLSchema): Map<string, unknown> {
  const { types, directives } = introspectionFromSchema(lexicographicSortSchema(schema), everything).__schema;
  const ofTheLanguage = new Set([
    ...Object.values(schema.getTypeMap()).filter((type) => isIntrospectionType(type) || isSpecifiedScalarType(type)).map(({ name }) => name),
    ...schema.getDirectives().filter(isSpecifiedDirective).map(({ name }) => `@${name}`),
  ]);
  const all = [
    ...types.map((type) => [type.name, type] as const),
    ...directives.map((directive) => [`@${directive.name}`, directive] as const),
  ];
  return new Map<string, unknown>(all.filter(([name]) => !ofTheLanguage.has(name)));
}

test('introspection: the live schema is valid', async () => {
  assert.deepEqual(validateSchema(await live()), []);
});

test('introspection: the live schema is schema.graphqls', async () => {
  const artefact = buildSchema(readFileSync('../../../schema.graphqls', 'utf8'));
  assert.deepEqual(validateSchema(artefact), []);
  // Introspection does not tell which of our directives stand where.
  const [served, published] = [shown(await live()), shown(artefact)];
  const names = [...new Set([...served.keys(), ...published.keys()])];
  const different = names.filter((name) => !isDeepStrictEqual(served.get(name), published.get(name)));
  console.log(`introspection: ${names.length - different.length} of ${names.length} types and directives are those of schema.graphqls`);
  assert.deepEqual(different, []);
});
