import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Browser, Page } from 'playwright-core';
import { describeWithChromium, launchChromium } from '../support/chromium.js';
import { htmlOf, writtenPages } from './built-pages.js';
import { serveSite } from './site-server.js';

const PHONE = { width: 390, height: 844 };
const DESKTOP = { width: 1280, height: 800 };
/** A page of each kind: the first one, pictures, tables, code, the API. */
const KINDS = ['', 'introduction/ten-steps', 'reference/options', 'guides/openapi', 'reference/api/'];

describeWithChromium('the site in Chromium', () => {
  let site: Awaited<ReturnType<typeof serveSite>>;
  let browser: Browser;

  beforeAll(async () => {
    [site, browser] = await Promise.all([serveSite(), launchChromium()]);
  });
  afterAll(async () => {
    await browser.close();
    await site.close();
  });

  /** A page of the browser, and what went wrong in it. */
  async function open(viewport: typeof PHONE) {
    const page = await browser.newPage({ viewport });
    const faults: string[] = [];
    page.on('pageerror', ({ message }) => faults.push(message));
    page.on('console', (message) => {
      if (message.type() === 'error') faults.push(message.text());
    });
    page.on('response', (response) => {
      if (response.status() >= 400) faults.push(`${response.status()} ${response.url()}`);
    });
    return { page, faults };
  }

  /** Goes to a page of the site, and waits until Vue has it and its pictures are drawn. */
  async function visit(page: Page, path: string): Promise<void> {
    await page.goto(`${site.address}${path}`);
    await page.waitForFunction(() => '__vue_app__' in (document.querySelector('#app') ?? {}));
    await page.waitForFunction(() => document.querySelector('.mermaid-source') === null);
  }

  async function shoot(page: Page, name: string): Promise<string> {
    const folder = process.env.SHOTS;
    const shot = await page.screenshot(folder === undefined ? {} : { path: join(folder, `${name}.png`) });
    return shot.toString('base64');
  }

  test('every page renders without an error, and fits a phone', async () => {
    const { page, faults } = await open(PHONE);
    const found: Record<string, unknown> = {};
    for (const path of [...writtenPages, 'reference/api/']) {
      await visit(page, path);
      const width = await page.evaluate(() => document.documentElement.scrollWidth);
      if (width > PHONE.width || faults.length > 0) found[path] = { width, faults: faults.splice(0) };
    }
    await page.close();
    expect(found).toEqual({});
  });

  test.each(KINDS)('the page "%s" is another one in the dark', async (path) => {
    const { page, faults } = await open(DESKTOP);
    await visit(page, path);
    const shots: string[] = [];
    const colours: string[] = [];
    for (const viewport of [DESKTOP, PHONE]) {
      await page.setViewportSize(viewport);
      for (const colorScheme of ['light', 'dark'] as const) {
        await page.emulateMedia({ colorScheme });
        await page.waitForFunction(
          (dark) => document.documentElement.classList.contains('dark') === dark,
          colorScheme === 'dark',
        );
        shots.push(await shoot(page, `${path.replaceAll('/', '-') || 'home'}.${colorScheme}.${viewport.width}`));
        colours.push(await page.evaluate(() => getComputedStyle(document.body).backgroundColor));
      }
    }
    await page.close();
    expect(faults).toEqual([]);
    expect(new Set(shots).size).toBe(4);
    expect(colours[0]).toBe('rgb(255, 255, 255)');
    expect(brightnessOf(colours[1])).toBeLessThan(60);
    expect(colours.slice(2)).toEqual(colours.slice(0, 2));
  });

  test('Mermaid draws the flows, in the colours of the theme, also when it is switched', async () => {
    const { page, faults } = await open(DESKTOP);
    await visit(page, 'introduction/ten-steps');
    const wanted = htmlOf('introduction/ten-steps').match(/class="mermaid-source"/g)?.length;
    const svg = page.locator('.mermaid-picture svg');
    expect(await svg.count()).toBe(wanted);
    expect(await svg.first().getAttribute('aria-roledescription')).toBe('sequence');
    expect(await svg.first().textContent()).toContain('token for your API');
    const light = await svg.first().innerHTML();
    await page.locator('.VPNavBarAppearance .VPSwitch').click();
    await page.waitForFunction((before) => document.querySelector('.mermaid-picture svg')?.innerHTML !== before, light);
    expect(faults).toEqual([]);
    await page.close();
  });

  test.each([
    ['a word of a guide', 'introspection', '/guides/issuers'],
    ['a name of the API', 'McpAuthHealthIndicator', '/reference/api/'],
  ])('the search finds %s', async (_, word, where) => {
    const { page, faults } = await open(DESKTOP);
    await visit(page, '');
    await page.locator('#local-search button').click();
    await page.locator('#localsearch-input').fill(word);
    const results = page.locator('.VPLocalSearchBox .results a.result');
    await results.first().waitFor();
    const links = await results.evaluateAll((found) => found.map((link) => link.getAttribute('href') ?? ''));
    expect(links.filter((link) => link.includes(where))).not.toEqual([]);
    expect(faults).toEqual([]);
    await page.close();
  });

  test('the menu of versions names the newest', async () => {
    const { page } = await open(DESKTOP);
    await visit(page, '');
    const menu = page.locator('.VPNavBarMenuGroup', { hasText: /^\s*v\d+\.\d+/ });
    await menu.locator('button').hover();
    expect(await menu.locator('a').first().textContent()).toContain('(newest)');
    await page.close();
  });

  test('a page that is not there leads back', async () => {
    const { page } = await open(PHONE);
    await page.goto(`${site.address}guides/nothing`);
    await page.waitForFunction(() => '__vue_app__' in (document.querySelector('#app') ?? {}));
    expect(await page.locator('.NotFound').textContent()).toContain('This page does not exist');
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(PHONE.width);
    await page.close();
  });
});

function brightnessOf(colour: string | undefined): number {
  return Math.max(...[...(colour ?? '').matchAll(/\d+/g)].map(Number));
}
