import type { BrowserContext, Browser, Page } from 'playwright-core';
import { launchChromium } from '../support/chromium.js';
import { CodeServer } from './code-server.js';
import { VscodeDev } from './vscode-dev.js';

/** Milliseconds for what VS Code does next, on a busy machine. */
const TIMEOUT = 90_000;

/** Somebody in front of VS Code. */
export interface WorkbenchUser {
  readonly username: string;
  readonly password: string;
}

/** The window of VS Code with a project in it, and what its user does there. */
export class Workbench {
  #calls = 0;

  private constructor(
    private readonly codeServer: CodeServer,
    private readonly vscodeDev: VscodeDev,
    private readonly browser: Browser,
    private readonly context: BrowserContext,
    private readonly page: Page,
    private readonly user: WorkbenchUser,
  ) {}

  /** @param configuration - `.vscode/mcp.json` of the project */
  static async open(configuration: object, user: WorkbenchUser, { isDesktop = false } = {}): Promise<Workbench> {
    const [codeServer, vscodeDev] = await Promise.all([CodeServer.start(isDesktop), VscodeDev.start()]);
    const browser = await launchChromium(...vscodeDev.chromiumArguments);
    const context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
    context.setDefaultTimeout(TIMEOUT);
    const page = await context.newPage();
    const folder = await codeServer.workspace(configuration);
    await page.goto(`${codeServer.origin}/?${new URLSearchParams({ folder })}`);
    // The window is there before what runs extensions and MCP servers. VS Code starts no server until then.
    await page.locator('.statusbar-item', { hasText: 'Ready to call' }).waitFor();
    return new Workbench(codeServer, vscodeDev, browser, context, page, user);
  }

  /** _MCP: List Servers_, the server, _Start Server_. */
  async chooseToStart(name: string): Promise<void> {
    await this.run('MCP: List Servers');
    await this.#pick(name);
    await this.#pick('Start Server');
  }

  /** Starts the server, and allows it to have a token. */
  async startServer(name: string): Promise<Page> {
    await this.chooseToStart(name);
    return await this.allow();
  }

  /** What VS Code says where it cannot register itself. The user goes on. */
  async registrationPrompt(): Promise<string> {
    const text = await this.page.locator('.monaco-dialog-box .dialog-message-detail').innerText();
    await this.#press('Copy URIs & Proceed');
    return text;
  }

  /** Without a secret. */
  async enterClientId(clientId: string): Promise<Page> {
    for (const [title, value] of [
      ['Client ID', clientId],
      ['Client Secret', ''],
    ] as const) {
      const input = this.page.locator('.quick-input-widget', { hasText: title }).locator('input');
      await input.fill(value);
      await input.press('Enter');
    }
    return await this.allow();
  }

  /** A command of the palette. */
  async run(command: string): Promise<void> {
    await this.page.keyboard.press('F1');
    await this.page.locator('.quick-input-widget input').fill(`>${command}`);
    await this.#pick(command);
  }

  /** VS Code asks whether the server may have a token. Then it opens a page of the authorization server. */
  async allow(): Promise<Page> {
    const opened = this.context.waitForEvent('page');
    await this.#press('Allow');
    return await opened;
  }

  /** VS Code asks before it runs a tool that does not only read. */
  async confirm(): Promise<void> {
    await this.#press('Yes');
  }

  async signIn(popup: Page): Promise<void> {
    await popup.locator('#username').fill(this.user.username);
    await popup.locator('#password').fill(this.user.password);
    await popup.locator('#kc-login').click();
  }

  async consent(popup: Page): Promise<void> {
    await popup.locator('#kc-oauth').waitFor();
    await popup.locator('#kc-login').click();
  }

  /** Has the extension call a tool. */
  async call(tool: string): Promise<void> {
    this.#calls += 1;
    await this.run(`Orders: Call ${tool}`);
  }

  /** What the extension shows of the last call: its answer, or why it failed. */
  async answer(): Promise<unknown> {
    const start = `Call ${this.#calls}: `;
    const text = await this.page.locator('.notification-list-item-message', { hasText: start }).first().innerText();
    const answer = text.slice(start.length);
    return answer.startsWith('{') ? (JSON.parse(answer) as unknown) : answer;
  }

  async close(): Promise<void> {
    await this.browser.close();
    this.vscodeDev.close();
    await this.codeServer.close();
  }

  async #pick(text: string): Promise<void> {
    await this.page.locator('.quick-input-list .monaco-list-row', { hasText: text }).first().click();
  }

  async #press(button: string): Promise<void> {
    await this.page.locator('.monaco-dialog-box .monaco-button', { hasText: new RegExp(`^${button}$`) }).click();
  }
}
