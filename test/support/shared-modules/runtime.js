import asyncHooks from 'node:async_hooks';
import { createRequire } from 'node:module';
import process from 'node:process';
import { pathToFileURL } from 'node:url';
import Runtime from 'jest-runtime';
import { recordCoverage } from './covered-lines.js';
import { setGlobals } from './jest-globals.js';

const require = createRequire(import.meta.url);
let files = 0;

if (process.env.COVERAGE_DIRECTORY === undefined) {
  // Lines of stack traces in TypeScript. Where coverage is measured, in all tests, they cost more than they are worth.
  process.setSourceMapsEnabled(true);
} else {
  recordCoverage(process.env.COVERAGE_DIRECTORY);
}

/**
 * Loads modules as Node does: the library and packages once for all files of tests that a process runs, modules of the
 * tests once for each file.
 */
export default class SharedModulesRuntime extends Runtime {
  #file = (files += 1);
  #testPath = this._testPath;
  #storages = [];

  unstable_shouldLoadAsEsm() {
    return true;
  }

  async unstable_importModule(path) {
    setGlobals({ ...this.jestGlobals.envGlobals(), jest: this.jestGlobals.jestObjectFor(this.#testPath) });
    await import(`${pathToFileURL(path).href}?file=${this.#file}`);
  }

  requireModule(from, name) {
    return createRequire(from)(name ?? from);
  }

  requireInternalModule(path) {
    // The part of jest that keeps the tests of a file.
    Reflect.deleteProperty(require.cache, path);
    const { AsyncLocalStorage } = asyncHooks;
    const storages = this.#storages;
    asyncHooks.AsyncLocalStorage = class extends AsyncLocalStorage {
      constructor(...parameters) {
        super(...parameters);
        storages.push(this);
      }
    };
    try {
      return require(path);
    } finally {
      asyncHooks.AsyncLocalStorage = AsyncLocalStorage;
    }
  }

  teardown() {
    super.teardown();
    // Node writes each storage that is in use to every promise. With those of a hundred files it does little else.
    for (const storage of this.#storages) storage.disable();
  }
}
