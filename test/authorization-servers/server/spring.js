import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath, URL } from 'node:url';
import { compile, runMaven } from '../../support/java-tools.js';
import { startJava } from './java-process.js';
import { keepFiles } from './kept-files.js';

const SOURCES = fileURLToPath(new URL('../spring', import.meta.url));
const PAGE = new URL('../../../docs/providers/spring.md', import.meta.url);

/**
 * Starts a Spring Authorization Server, with the code of its page in the documentation.
 *
 * @returns {Promise<{ origin: string, stop(): Promise<void> }>}
 */
export async function startSpring() {
  const pom = join(SOURCES, 'pom.xml');
  const [, version = ''] = /<version>([^<]+)<\/version>/.exec(await readFile(pom, 'utf8')) ?? [];
  const libraries = await keepFiles(['spring', version], (directory) =>
    runMaven(
      'copy-dependencies',
      [`--file=${pom}`, '-DincludeScope=runtime', `-DoutputDirectory=${directory}`],
      directory,
    ),
  );
  const directory = await mkdtemp(join(tmpdir(), 'spring-'));
  const forget = () => rm(directory, { recursive: true });
  try {
    await cp(join(SOURCES, 'application.yml'), join(directory, 'application.yml'));
    const source = join(directory, 'AuthorizationServer.java');
    await writeFile(source, await completeSource());
    await compile(source, libraries, directory);
    const classes = [directory, join(libraries, '*')].join(delimiter);
    const server = await startJava(['-Xmx256m', '-cp', classes, 'AuthorizationServer'], /Tomcat started on port (\d+)/);
    return { ...server, stop: () => server.stop().finally(forget) };
  } catch (error) {
    await forget();
    throw error;
  }
}

async function completeSource() {
  const source = await readFile(join(SOURCES, 'AuthorizationServer.java'), 'utf8');
  const [, documented = ''] = /^```java\n(.*?)^```$/ms.exec(await readFile(PAGE, 'utf8')) ?? [];
  return source.replace('// DOCUMENTED', () => documented);
}
