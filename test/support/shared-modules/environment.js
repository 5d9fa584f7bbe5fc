import process from 'node:process';
import { ModernFakeTimers } from '@jest/fake-timers';
import { ModuleMocker } from 'jest-mock';

/** What jest keeps for one file: its tests, who is told of them, how long they may take. */
const OF_ONE_FILE = new Set(['JEST_STATE_SYMBOL', 'EVENT_HANDLERS', 'TEST_TIMEOUT_SYMBOL', 'RETRY_TIMES_SETTER']);

/** What packages keep there, which all files have in common. */
const OF_PACKAGES = new Set(['classValidatorMetadataStorage', '__zod_globalConfig', '__zod_globalRegistry']);

/** Node itself, and not a realm for each file. What a file changes in it is set back when the file is over. */
export default class SharedEnvironment {
  global = globalThis;
  moduleMocker = new ModuleMocker(globalThis);
  fakeTimers = null;
  fakeTimersModern;
  #restore = [restorable(globalThis), restorable(process.env), restorableListeners()];

  constructor({ projectConfig }) {
    this.fakeTimersModern = new ModernFakeTimers({ config: projectConfig, global: globalThis });
  }

  setup() {
    // Node says where a line of TypeScript is; what jest has put here does not know its modules.
    Error.prepareStackTrace = undefined;
    return Promise.resolve();
  }

  async teardown() {
    this.moduleMocker.restoreAllMocks();
    this.fakeTimersModern.dispose();
    for (const restore of this.#restore) restore();
    for (const symbol of Object.getOwnPropertySymbols(globalThis)) {
      if (OF_ONE_FILE.has(symbol.description)) Reflect.deleteProperty(globalThis, symbol);
    }
  }

  exportConditions() {
    return ['node', 'node-addons'];
  }

  getVmContext() {
    return {};
  }
}

/** Gives an object the properties back that it has now. */
function restorable(object) {
  const properties = Object.getOwnPropertyDescriptors(object);
  return () => {
    for (const name of Object.keys(object)) {
      if (!(name in properties) && !OF_PACKAGES.has(name)) Reflect.deleteProperty(object, name);
    }
    for (const [name, property] of Object.entries(properties)) {
      if (property.configurable && 'value' in property && object[name] !== property.value) {
        Object.defineProperty(object, name, property);
      }
    }
  };
}

/** Takes the listeners from the process that have come since. */
function restorableListeners() {
  const listeners = new Set(process.eventNames().flatMap((event) => process.rawListeners(event)));
  return () => {
    for (const event of process.eventNames()) {
      for (const listener of process.rawListeners(event)) {
        if (!listeners.has(listener)) process.removeListener(event, listener);
      }
    }
  };
}
