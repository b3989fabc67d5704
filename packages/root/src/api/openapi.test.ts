import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { test } from 'node:test';
import { contract } from './contract.ts';
import { openApiText } from './openapi.ts';

const file = new URL('../../../../docs/openapi.json', import.meta.url);

test('docs/openapi.json is what the schemas say (UPDATE=1 writes it)', async () => {
  const text = await openApiText();
  if (process.env['UPDATE'] === '1') await writeFile(file, text);
  assert.equal(await readFile(file, 'utf8'), text);
});

test('describes every route once, with its operation id', async () => {
  const { paths } = JSON.parse(await openApiText()) as {
    paths: Record<string, Record<string, { operationId: string }>>;
  };
  const ids = Object.values(paths).flatMap((methods) =>
    Object.values(methods).map(({ operationId }) => operationId),
  );
  assert.deepEqual(ids.sort(), Object.keys(contract).sort());
});
