import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { pack } from '../package/tarball.js';
import { ENVIRONMENT_OF_A_PROJECT } from '../support/node-release.js';
import { Addresses } from './addresses.js';
import { InstalledState, isInstalling } from './installed-state.js';
import { readPage, type Block, type Command } from './page.js';
import { Terminal, type Answer } from './terminal.js';

const exec = promisify(execFile);

const OWN = 'nestjs-mcp-auth';

/** A line that installs the package. */
const INSTALLED = /^( *npm (?:install|i) (?:.* )?)nestjs-mcp-auth(?= |$)/m;

/** Files of the package that name addresses. */
const TEXT = /\.(json|md|mjs|ts|ya?ml)$/;

/** What `nest new` writes listens there, unless `PORT` says otherwise. */
const PORT_OF_NEST = 3000;

/** That of a person, without what npm hands down to the scripts of this repository. */
const ENVIRONMENT = {
  ...ENVIRONMENT_OF_A_PROJECT,
  PATH: (process.env.PATH ?? '')
    .split(delimiter)
    .filter((folder) => !folder.includes('node_modules'))
    .join(delimiter),
  NO_COLOR: '1',
  npm_config_audit: 'false',
  npm_config_fund: 'false',
  npm_config_ignore_scripts: 'true',
  npm_config_prefer_offline: 'true',
  npm_config_update_notifier: 'false',
  // A person is asked whether npx may install.
  npm_config_yes: 'true',
};

/** What a reader has at hand besides the page. */
export interface Setting {
  /** Variables of the environment. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Who answers what commands print. */
  readonly answers?: readonly Answer[];
  /** Changes the text of the page, such as the release of a server that is at hand. */
  readonly adapt?: (text: string) => string;
  /** Puts into the empty folder what the page has its reader download. */
  readonly prepare?: (folder: string) => Promise<void>;
}

/** Where a reader sits: an empty folder, terminals, and the packed package in the place of the published one. */
export class Desk {
  readonly #terminals = new Map<number, Terminal>();
  /** Commands that have installed something. */
  readonly #installed: string[] = [];

  private constructor(
    private readonly home: string,
    private readonly setting: Setting,
    readonly addresses: Addresses,
  ) {}

  static async open(page: string, setting: Setting): Promise<Desk> {
    const home = await mkdtemp(join(tmpdir(), 'handbook-'));
    const text = readFileSync(page, 'utf8');
    const addresses = await Addresses.for(text);
    const desk = new Desk(home, setting, addresses);
    await mkdir(desk.folder);
    if (INSTALLED.test(text)) await desk.#pack();
    await setting.prepare?.(desk.folder);
    return desk;
  }

  get folder(): string {
    return join(this.home, 'desk');
  }

  /** Does what a section of the page says. */
  async follow(page: string, heading: string): Promise<void> {
    const { adapt = (text) => text } = this.setting;
    const section = readPage(page, (text) => this.addresses.replaceIn(adapt(text))).find(
      (one) => one.heading === this.addresses.replaceIn(adapt(heading)),
    );
    if (section === undefined) throw new Error(`${page} has no section "${heading}"`);
    for (const block of section.blocks) await this.#do(block);
  }

  async close(): Promise<void> {
    await Promise.all([...this.#terminals.values()].map((terminal) => terminal.interrupt()));
    await rm(this.home, { recursive: true });
  }

  async #do(block: Block): Promise<void> {
    if (block.kind === 'file') return await this.#write(block.path, block.text);
    const terminal = await this.#terminal(block.terminal);
    if (block.kind === 'output') return await terminal.expect(block);
    const command = { ...block, text: this.#withTarball(block.text) };
    if (block.terminal > 1) return await terminal.begin(command);
    if (isInstalling(block.text)) return await this.#install(terminal, block.text, command);
    await terminal.run(command);
  }

  /** Where the reader is: in the folder of the first terminal. */
  async #place(): Promise<string> {
    return (await this.#terminals.get(1)?.place()) ?? this.folder;
  }

  async #write(path: string, text: string): Promise<void> {
    const file = join(await this.#place(), path);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, text);
  }

  async #terminal(number: number): Promise<Terminal> {
    const known = this.#terminals.get(number);
    if (known) return known;
    const memory = join(this.home, `terminal-${number}`);
    await mkdir(memory);
    const { answers = [] } = this.setting;
    const terminal = new Terminal(memory, await this.#place(), this.#environment, answers);
    this.#terminals.set(number, terminal);
    return terminal;
  }

  get #environment(): NodeJS.ProcessEnv {
    const port = this.addresses.port(PORT_OF_NEST);
    return { ...ENVIRONMENT, ...(port !== undefined && { PORT: String(port) }), ...this.setting.environment };
  }

  /** What npm would get from its registry, if the package were there as it is here. */
  #withTarball(text: string): string {
    return text.replaceAll(new RegExp(INSTALLED, 'gm'), `$1${this.#tarball}`);
  }

  get #tarball(): string {
    return join(this.home, `${OWN}.tgz`);
  }

  async #install(terminal: Terminal, written: string, command: Command): Promise<void> {
    this.#installed.push(written);
    const state = await InstalledState.of(this.folder, this.#installed);
    if (!(await state.restore())) {
      await terminal.run(command);
      await state.remember();
      return;
    }
    // What is left to do is to go where the commands went.
    await terminal.run({ ...command, text: (command.text.match(/(?<=^|&& )cd \S+/gm) ?? []).join('\n') });
    const own = join(await this.#place(), 'node_modules', OWN);
    if (!existsSync(own)) return;
    for (const name of await readdir(own)) if (name !== 'node_modules') await rm(join(own, name), { recursive: true });
    await exec('tar', ['-xzf', this.#tarball, '-C', own, '--strip-components=1']);
    // As npm does it.
    const { bin } = JSON.parse(await readFile(join(own, 'package.json'), 'utf8')) as { bin: Record<string, string> };
    for (const path of Object.values(bin)) await chmod(join(own, path), 0o755);
  }

  /** Packs the package. What its samples and documents say of addresses is of the test's. */
  async #pack(): Promise<void> {
    const { path } = await pack(this.home);
    await exec('tar', ['-xzf', path, '-C', this.home]);
    for (const folder of ['docs', 'sample']) {
      const root = join(this.home, 'package', folder);
      const files = await readdir(root, { recursive: true, withFileTypes: true });
      for (const { parentPath, name } of files.filter((entry) => entry.isFile() && TEXT.test(entry.name))) {
        const file = join(parentPath, name);
        await writeFile(file, this.addresses.replaceIn(await readFile(file, 'utf8')));
      }
    }
    await exec('tar', ['-czf', this.#tarball, '-C', this.home, 'package']);
  }
}
