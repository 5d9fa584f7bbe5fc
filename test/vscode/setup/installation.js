import { mkdir, mkdtemp, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { npmEnvironment } from '../../clients/installed/setup/installation.js';
import { run } from '../../clients/installed/setup/run.js';

/** Its second and third number are those of VS Code, give or take a patch. */
export const VERSION = '4.139.1';

/** Which it wants. */
const NODE = '24.22.3';

const CACHE = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'nestjs-mcp-auth', 'code-server');

/** The two lines that are not as code-server has them: its file, what is there, and what takes its place. */
const CHANGES = [
  // The builds of Microsoft have this address in their `product.json`, and code-server has not.
  [
    'vs/code/browser/workbench/workbench.js',
    /this\.productService\.authClientIdMetadataUrl/g,
    '"https://vscode.dev/oauth/client-metadata.json"',
  ],
  // VS Code listens on loopback during a sign-in where it runs on a desktop. A browser is none.
  [
    'vs/workbench/api/node/extensionHostProcess.js',
    /!(\w+\.remote\.isRemote)&&(?=\w+\.authorization_endpoint)/g,
    '(process.env.AS_ON_A_DESKTOP||!$1)&&',
  ],
];

/**
 * Installs code-server from npm, without running a script of any package. Made once for each release, outside the
 * repository.
 *
 * @returns {Promise<Record<string, string>>} where it is
 */
export async function installCodeServer() {
  const home = join(CACHE, `${VERSION}-node-${NODE}`);
  if (!(await isThere(home))) {
    await mkdir(CACHE, { recursive: true });
    const directory = await mkdtemp(join(CACHE, 'making-'));
    try {
      await install(directory);
      await rename(directory, home);
    } finally {
      await rm(directory, { recursive: true, force: true });
    }
  }
  return { CODE_SERVER: join(home, 'node_modules/code-server/out/node/entry.js'), CODE_SERVER_NODE: nodeIn(home) };
}

async function install(directory) {
  await writeFile(join(directory, 'package.json'), '{ "private": true }\n');
  const vscode = join(directory, 'node_modules/code-server/lib/vscode');
  await npm(directory, `code-server@${VERSION}`, `${nodePackage()}@${NODE}`);
  await npm(vscode);
  for (const [file, found, replacement] of CHANGES) await change(join(vscode, 'out', file), found, replacement);
}

async function npm(cwd, ...packages) {
  const options = ['--omit=dev', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
  const { status, output } = await run('npm', ['install', ...options, ...packages], { cwd, env: npmEnvironment() });
  if (status !== 0) throw new Error(`npm cannot get code-server:\n${output}`);
}

async function change(file, found, replacement) {
  const text = await readFile(file, 'utf8');
  if (text.match(found)?.length !== 1) throw new Error(`${file} of this release has no ${found}`);
  await writeFile(file, text.replace(found, replacement));
}

function nodePackage() {
  return `node-${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`;
}

function nodeIn(home) {
  return join(home, 'node_modules', nodePackage(), 'bin', 'node');
}

async function isThere(path) {
  return await stat(path).then(
    () => true,
    () => false,
  );
}
