import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath, URL } from 'node:url';
import { compile, runMaven } from '../../support/java-tools.js';
import { startJava } from './java-process.js';
import { keepFiles } from './kept-files.js';

const SOURCES = fileURLToPath(new URL('../uaa', import.meta.url));

/** The newest that Maven Central has. */
const VERSION = '4.30.0';

/** That of this UAA does not run on Java 17. */
const GROOVY = '2.5.23';

/** What old Spring needs on Java 17. */
const OPENED = ['java.lang', 'java.lang.reflect', 'java.util'].flatMap((name) => [
  '--add-opens',
  `java.base/${name}=ALL-UNNAMED`,
]);

/**
 * Starts a UAA of Cloud Foundry, which XSUAA is made of.
 *
 * @returns {Promise<{ origin: string, stop(): Promise<void> }>}
 */
export async function startUaa() {
  const files = await keepFiles(['uaa', VERSION], fill);
  const directory = await mkdtemp(join(tmpdir(), 'uaa-'));
  const forget = () => rm(directory, { recursive: true });
  try {
    const port = await findPort();
    await writeFile(join(directory, 'uaa.yml'), await completeConfiguration(files, `http://127.0.0.1:${port}`));
    const libraries = join(files, 'libraries');
    await compile(join(SOURCES, 'ServletContainer.java'), libraries, directory);
    const classes = [directory, join(libraries, '*')].join(delimiter);
    const args = ['-Xmx768m', ...OPENED, '-cp', classes, 'ServletContainer', directory, join(files, 'uaa'), port];
    const server = await startJava(args, /^Listening on port (\d+)/, { UAA_CONFIG_PATH: directory });
    return { ...server, stop: () => server.stop().finally(forget) };
  } catch (error) {
    await forget();
    throw error;
  }
}

async function fill(directory) {
  const application = join(directory, 'uaa');
  const get = (goal, artifact, to) => runMaven(goal, [`-Dartifact=${artifact}`, `-DoutputDirectory=${to}`], directory);
  await runMaven(
    'copy-dependencies',
    [
      ...[`--file=${join(SOURCES, 'pom.xml')}`, '-DincludeScope=runtime'],
      `-DoutputDirectory=${join(directory, 'libraries')}`,
    ],
    directory,
  );
  await get('unpack', `org.cloudfoundry.identity:cloudfoundry-identity-uaa:${VERSION}:war`, application);
  await rm(join(application, 'WEB-INF', 'lib', 'groovy-2.5.2.jar'), { force: true });
  await get('copy', `org.codehaus.groovy:groovy:${GROOVY}`, join(application, 'WEB-INF', 'lib'));
}

/** The keys for SAML, without which it does not start, are those that it comes with. */
async function completeConfiguration(files, origin) {
  const own = await readFile(join(SOURCES, 'uaa.yml'), 'utf8');
  const sample = await readFile(join(files, 'uaa', 'WEB-INF', 'classes', 'required_configuration.yml'), 'utf8');
  const [, saml = ''] = /^login:\n((?: .*\n|\n)+)/m.exec(sample) ?? [];
  const { privateKey } = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
  });
  const configuration = own.replaceAll('ORIGIN', origin).replace('SIGNING_KEY', () => JSON.stringify(privateKey));
  return `${configuration}login:\n  url: ${origin}\n  entityBaseURL: ${origin}\n${saml}`;
}

/** It has to know its address before it starts. */
async function findPort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return String(port);
}
