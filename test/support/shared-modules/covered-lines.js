import { Buffer } from 'node:buffer';
import { mkdirSync, writeFileSync } from 'node:fs';
import { Session } from 'node:inspector';
import { join } from 'node:path';
import process from 'node:process';
import { URL } from 'node:url';

const LIBRARY = new URL('../../../lib/', import.meta.url).href;
const SOURCE_MAP = /\/\/# sourceMappingURL=data:application\/json;[^,]*base64,([\w+/=]+)\s*$/;

/**
 * Has V8 note which code of the library this process runs, and writes it to a folder when the process ends, as `c8` reads
 * it. `NODE_V8_COVERAGE` counts how often each block runs, in all packages, which makes them slow.
 */
export function recordCoverage(directory) {
  const session = new Session();
  session.connect();
  const post = (method, parameters) => {
    let answer;
    // The session of a thread with itself answers at once.
    session.post(method, parameters, (error, result) => {
      if (error) throw new Error(`${method}: ${error.message}`);
      answer = result;
    });
    return answer;
  };
  post('Profiler.enable');
  post('Profiler.startPreciseCoverage', { callCount: false, detailed: true });
  process.once('exit', () => {
    const { result } = post('Profiler.takePreciseCoverage');
    const scripts = result.filter(({ url }) => url.startsWith(LIBRARY));
    post('Debugger.enable');
    const sources = scripts.map(({ url, scriptId }) => [
      url,
      mapOf(post('Debugger.getScriptSource', { scriptId }).scriptSource),
    ]);
    mkdirSync(directory, { recursive: true });
    const content = { result: scripts, 'source-map-cache': Object.fromEntries(sources) };
    writeFileSync(join(directory, `coverage-${process.pid}.json`), JSON.stringify(content));
  });
}

/** Where the lines of a script are in TypeScript. */
function mapOf(source) {
  const [, map] = SOURCE_MAP.exec(source) ?? [];
  if (map === undefined) throw new Error('A module of the library has no source map');
  return {
    lineLengths: source.split('\n').map(({ length }) => length),
    data: JSON.parse(Buffer.from(map, 'base64').toString()),
  };
}
