import { type Browser, chromium } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { HttpServer } from '../../src/server/index.ts';
import { allViews } from '../server/routes/views.ts';

let server: HttpServer;
let browser: Browser;
beforeAll(async () => {
  server = new HttpServer(allViews());
  await server.start({ host: '127.0.0.1', port: 0 });
  browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] });
});
afterAll(async () => {
  await browser.close();
  await server.stop();
});

describe('the page of the document', () => {
  it('loads whole from this server under its own security policy, and asks nobody else', async () => {
    const page = await browser.newPage();
    const troubles: string[] = [];
    page.on('console', (message) => {
      if (['error', 'warning'].includes(message.type())) troubles.push(message.text());
    });
    page.on('pageerror', (error) => troubles.push(error.message));
    page.on('requestfailed', (request) => troubles.push(`${request.url()} failed`));
    const asked = new Set<string>();
    page.on('request', (request) => {
      const { protocol, origin } = new URL(request.url());
      if (protocol !== 'data:') asked.add(origin);
    });
    const response = await page.goto(`${server.address}/api/docs`);
    expect(response?.headers()['content-security-policy']).toContain("script-src 'self'");
    await page.getByText('/api/v1/history').first().waitFor();
    expect(await page.title()).toBe('labwire: HTTP interface');
    expect({ troubles, asked: [...asked] }).toEqual({ troubles: [], asked: [server.address] });
  });

  it('tries a route out', async () => {
    const page = await browser.newPage();
    await page.goto(`${server.address}/api/docs`);
    await page.locator('#operations-gateway-get_api_v1_info .opblock-summary-control').click();
    await page.getByRole('button', { name: 'Execute' }).click();
    await page.getByText('"lab_a"').first().waitFor();
  });
});
