import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { ENVIRONMENT_OF_A_PROJECT, installNode, installPackages } from '../support/node-release.js';

const exec = promisify(execFile);

const VERSION = '0.2.0-alpha.12';

/** What the suite runs on; this package runs on older ones, too. */
const NODE = '22.23.3';

/** Milliseconds, and characters of what the suite prints. */
const TIMEOUT = 120_000;
const MAX_BUFFER = 64 * 1024 * 1024;

interface Check {
  readonly id: string;
  readonly status: 'SUCCESS' | 'FAILURE' | 'WARNING' | 'SKIPPED' | 'INFO';
  readonly description: string;
  readonly errorMessage?: string;
  readonly details?: unknown;
}

/** Names of scenarios for servers. */
export interface Scenarios {
  readonly scored: readonly string[];
  /** Of extensions, or newer than the requirements. */
  readonly unscored: readonly string[];
}

/** What a run has found out. */
export interface Report {
  /** The suite's summary, where it is not content with what failed and what was expected to; else empty. */
  readonly complaint: string;
  /** Everything that a scenario found fault with, warnings too. */
  faults(scenario: string): readonly Check[];
  /** Whether the suite finds a scenario as it is expected to be. */
  isAsExpected(scenario: string): boolean;
}

/** The official conformance suite, in a folder of its own. */
export class ConformanceSuite {
  private constructor(
    private readonly folder: string,
    private readonly node: string,
  ) {}

  static async install(): Promise<ConformanceSuite> {
    const folder = await mkdtemp(join(tmpdir(), 'mcp-conformance-'));
    const isNewEnough = Number.parseInt(process.versions.node) >= Number.parseInt(NODE);
    const nodes = await installNode(folder, isNewEnough ? [] : [NODE]);
    await installPackages(folder, [`@modelcontextprotocol/conformance@${VERSION}`]);
    const node = nodes.get(NODE) ?? process.execPath;
    return new ConformanceSuite(folder, node);
  }

  async remove(): Promise<void> {
    await rm(this.folder, { recursive: true, force: true });
  }

  async scenarios(revision: string): Promise<Scenarios> {
    const { stdout } = await exec(this.node, [this.#main, 'list', '--requirements', revision], {
      env: ENVIRONMENT_OF_A_PROJECT,
    });
    const [, required = '', , rest = ''] = stdout.split(/^(?:Server|Client) scenarios .*$|^Run and reported.*$/m);
    const scored = [...required.matchAll(/^ +- (\S+)$/gm)].map(([, name = '']) => name);
    const unscored = [...rest.matchAll(/^ +- (\S+) \[server\]$/gm)].map(([, name = '']) => name);
    if (scored.length === 0) throw new Error(`No scenarios are listed:\n${stdout}`);
    return { scored, unscored };
  }

  /** @param expectedFailures - file in the suite's own format */
  async run(url: string, revision: string, expectedFailures: string): Promise<Report> {
    const results = await mkdtemp(join(this.folder, 'results-'));
    const args = ['server', '--url', url, '--requirements', revision, '--expected-failures', expectedFailures];
    const options = { cwd: this.folder, env: ENVIRONMENT_OF_A_PROJECT, timeout: TIMEOUT, maxBuffer: MAX_BUFFER };
    const { code, stdout } = await exec(this.node, [this.#main, ...args, '-o', results], options).then(
      ({ stdout: text }) => ({ code: 0, stdout: text }),
      (error: unknown) => {
        const { code, stdout: text } = error as { code?: unknown; stdout?: string };
        if (typeof code !== 'number') throw error;
        return { code, stdout: text ?? '' };
      },
    );
    const checks = await checksIn(results);
    // What was not expected, and what was and is none any more, behind "✗" or "✓" and without a count.
    const surprises = [...stdout.matchAll(/^ {2}[✗✓] ([^\s:]+)(?::\S+)?$/gm)].map(([, name]) => name);
    return {
      complaint: code === 0 ? '' : stdout.slice(Math.max(stdout.lastIndexOf('=== SUMMARY ==='), 0)) || `Exit ${code}`,
      faults: (scenario) => {
        const found = checks.get(scenario);
        if (!found) throw new Error(`${scenario} did not run`);
        return found.filter(({ status }) => status === 'FAILURE' || status === 'WARNING');
      },
      isAsExpected: (scenario) => !surprises.includes(scenario),
    };
  }

  get #main(): string {
    return join(this.folder, 'node_modules/@modelcontextprotocol/conformance/dist/index.js');
  }
}

async function checksIn(folder: string): Promise<Map<string, readonly Check[]>> {
  const names = await readdir(folder);
  return new Map(
    await Promise.all(
      names.map(async (name) => {
        const text = await readFile(join(folder, name, 'checks.json'), 'utf8');
        const scenario = name.replace(/^server-/, '').replace(/-\d{4}-\d{2}-\d{2}T[\d-]+Z$/, '');
        return [scenario, JSON.parse(text) as Check[]] as const;
      }),
    ),
  );
}
