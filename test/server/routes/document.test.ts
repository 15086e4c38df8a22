import SwaggerParser from '@apidevtools/swagger-parser';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { silentLogger, systemClock } from '../../../src/base/index.ts';
import { gateOfThisMachine } from '../../../src/server/access/index.ts';
import { buildApp } from '../../../src/server/app.ts';
import { HttpServer } from '../../../src/server/index.ts';
import { registerRoutes } from '../../../src/server/routes/index.ts';
import { Control, DataService } from '../../../src/service/index.ts';
import type { OpenApi } from './documented.ts';
import { allViews } from './views.ts';

const control = (): Control => new Control(new DataService(), { readOnly: false });

let server: HttpServer;
beforeEach(async () => {
  server = new HttpServer({ ...allViews(), control: control(), clock: systemClock, log: silentLogger });
  await server.start({ host: '127.0.0.1', port: 0 });
});
afterEach(() => server.stop());

const read = async (): Promise<OpenApi> =>
  (await fetch(`${server.address}/api/openapi.json`)).json() as Promise<OpenApi>;

describe('the OpenAPI document', () => {
  it('is one by its standard', async () => {
    const document = await read();
    expect(document.openapi).toBe('3.1.0');
    await SwaggerParser.validate(structuredClone(document) as never);
  });

  it('says of every route what it is for, what it answers and who may ask', async () => {
    const { paths } = await read();
    const operations = Object.entries(paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, operation]) => ({ route: `${method} ${path}`, ...operation })),
    );
    for (const { route, summary, responses, security } of operations) {
      expect(summary, route).toBeTruthy();
      expect(Object.keys(responses), route).not.toEqual([]);
      expect(security, route).toBeDefined();
    }
    for (const { route, security, responses } of operations) {
      if (security?.length)
        expect(Object.keys(responses), route).toEqual(expect.arrayContaining(['401', '403', '429']));
    }
    const anybody = operations.filter(({ security }) => security?.length === 0).map(({ route }) => route);
    expect(anybody.sort()).toEqual(['get /healthz', 'get /readyz', 'post /api/v1/login', 'post /api/v1/logout']);
  });

  it('has every route of the server but the files of its page', async () => {
    const app = buildApp({ gate: gateOfThisMachine() });
    const routes = new Set<string>();
    app.addHook('onRoute', ({ url, method }) => {
      for (const each of [method].flat()) if (each !== 'HEAD') routes.add(`${each.toLowerCase()} ${url}`);
    });
    await registerRoutes(app, allViews());
    await app.ready();
    await app.close();
    const { paths } = await read();
    const documented = new Set(
      Object.entries(paths).flatMap(([path, methods]) =>
        Object.keys(methods).map((method) => `${method} ${path.replace(/\{(\w+)\}/g, ':$1')}`),
      ),
    );
    const undocumented = [...routes].filter((route) => !documented.has(route) && !route.includes('/api/docs'));
    // The way to a port by its plain path is one way of writing the other.
    expect(undocumented).toEqual(['get /api/v1/ports/*']);
    expect(documented.has('put /api/v1/update_value')).toBe(true);
  });
});
