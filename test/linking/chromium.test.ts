import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { Browser, Page } from 'playwright-core';
import { describeWithChromium, launchChromium } from '../support/chromium.js';
import { Parties, type LinkedServer } from './linked-server.js';

describeWithChromium('in Chromium', () => {
  let parties: Parties;
  let server: LinkedServer;
  let browser: Browser;

  beforeEach(async () => {
    [parties, browser] = await Promise.all([Parties.start(), launchChromium()]);
    server = await parties.serve();
  });
  afterEach(async () => {
    await browser.close();
    await parties.close();
  });

  /** Signs in, and allows what is asked, wherever that is asked. */
  async function visit(page: Page, address: string, username: string): Promise<void> {
    await page.goto(address);
    while (!page.url().startsWith(server.resource)) {
      const name = page.locator('input[name=username]');
      if ((await name.count()) > 0) {
        await name.fill(username);
        await page.locator('input[name=password]').fill('any password');
        await page.locator('button[type=submit]').click();
      } else {
        await page.locator('button[value=approve]').click();
      }
      await page.waitForLoadState();
    }
  }

  test('a user opens the page that the assistant shows, signs in, and the tool works', async () => {
    const page = await browser.newPage();
    await visit(page, await server.pageFor('alice'), 'alice');
    expect(await page.title()).toBe('Account linked');
    expect(await page.textContent('main')).toContain('Your Partner <CRM> account is linked');
    // Nothing of the way there is left in the browser.
    expect((await page.context().cookies(server.resource)).filter(({ name }) => name.includes('mcp-link'))).toEqual([]);
    expect((await server.call('alice')).result?.structuredContent?.of).toBe('alice');
  });

  test('another user who opens it is refused', async () => {
    const page = await browser.newPage();
    await visit(page, await server.pageFor('alice'), 'bob');
    expect(await page.title()).toBe('Nothing was linked');
    expect((await server.call('alice')).result?.inputRequests?.page).toBeDefined();
  });
});
