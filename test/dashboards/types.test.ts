import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { grafanaFiles } from '../../src/dashboards/index.ts';
import { allKinds, device, site } from './site.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** Of a type of the SDK, what its JSON is: no methods, and the words of an enum in its place. */
const head = `
import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard';
import type { InfluxAnnotationTarget, InfluxTarget } from '${join(root, 'src/dashboards/influx-query.ts')}';
type Json<T> = 0 extends 1 & T ? any
  : T extends string ? \`\${T}\`
  : T extends number | boolean | null | undefined ? T
  : T extends readonly (infer U)[] ? Json<U>[]
  : T extends { _implementsDataqueryVariant(): void } ? InfluxTarget | InfluxAnnotationTarget
  : { [K in keyof T]: Json<T[K]> };
`;

/** What the compiler says of the dashboards' JSON, given as the SDK's type; empty if nothing. */
async function complaints(dashboards: readonly string[]): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'labwire-types-'));
  try {
    const constants = dashboards.map((json, i) => `export const dashboard${i}: Json<Dashboard> = ${json};`);
    await writeFile(join(folder, 'dashboards.ts'), head + constants.join('\n'));
    const options = {
      ...{ noEmit: true, strict: true, module: 'nodenext', target: 'es2023', skipLibCheck: true, types: [] },
      ...{ allowImportingTsExtensions: true, exactOptionalPropertyTypes: true },
      paths: {
        '@grafana/grafana-foundation-sdk/*': [
          join(root, 'node_modules/@grafana/grafana-foundation-sdk/dist/*/index.d.ts'),
        ],
      },
    };
    await writeFile(join(folder, 'package.json'), '{ "type": "module" }');
    await writeFile(
      join(folder, 'tsconfig.json'),
      JSON.stringify({ compilerOptions: options, files: ['dashboards.ts'] }),
    );
    const compiler = join(root, 'node_modules/typescript/bin/tsc');
    return await new Promise((resolve) => {
      execFile(process.execPath, [compiler, '-p', folder], (_, output) => resolve(output));
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

test("the dashboards' JSON is what the SDK's types say, and what is not would be found", async () => {
  const files = grafanaFiles(site(device('a', allKinds)), '/d');
  const dashboards = [...files].filter(([path]) => path.endsWith('.json')).map(([, text]) => text);
  expect(dashboards).toHaveLength(3);
  expect(await complaints(dashboards)).toBe('');
  const [first = ''] = dashboards;
  const wrong = [
    first.replace('"type": "query"', '"type": "qwery"'),
    first.replace('"schemaVersion"', '"schemeVersion"'),
    first.replace('"rawQuery"', '"rowQuery"'),
  ];
  const said = await complaints(wrong);
  for (const mistake of ['"qwery"', 'schemeVersion', 'rowQuery']) expect(said).toContain(mistake);
}, 180_000);
