import type { ModulesContainer } from '@nestjs/core';
import {
  getOptionsToken,
  getStorageToken,
  ThrottlerStorageService,
  type ThrottlerModuleOptions,
  type ThrottlerStorage,
} from '@nestjs/throttler';
import { McpAuthConfigurationError } from '../../errors/configuration-error.js';
import { Guarded } from '../../replicas/guarded.js';

/** Milliseconds that a storage outside this process may take for one answer. */
const TIMEOUT = 250;

type Increment = ThrottlerStorage['increment'];

/** Counts in a storage outside this process. While that is down or slow, each process counts for itself. */
class SharedLimitStorage implements ThrottlerStorage {
  readonly #guarded = new Guarded('The storage of ThrottlerModule', 'RateLimits', TIMEOUT);

  constructor(
    private readonly shared: ThrottlerStorage,
    private readonly own: ThrottlerStorage,
  ) {}

  async increment(...counted: Parameters<Increment>): ReturnType<Increment> {
    const record = await this.#guarded.attempt(() => this.shared.increment(...counted));
    return record ?? (await this.own.increment(...counted));
  }
}

/** What an application's `ThrottlerModule` says. */
export interface ApplicationThrottling {
  readonly options: ThrottlerModuleOptions;
  readonly storage: ThrottlerStorage;
}

/**
 * Finds the application's `ThrottlerModule`.
 *
 * @param own - counts while the module's storage, outside this process, does not
 * @throws {@link McpAuthConfigurationError} if it is from another copy of the package, whose storage cannot be found
 */
export function findApplicationThrottling(
  modules: ModulesContainer,
  own: ThrottlerStorage,
): ApplicationThrottling | undefined {
  for (const { providers } of modules.values()) {
    const options = providers.get(getOptionsToken())?.instance as ThrottlerModuleOptions | undefined;
    if (!options) continue;
    const storage = providers.get(getStorageToken())?.instance as ThrottlerStorage | undefined;
    if (!storage) {
      throw new McpAuthConfigurationError([
        'ThrottlerModule is from another copy of @nestjs/throttler than nestjs-mcp-auth uses, so its limits would not apply to tools. Install one version of it: `npm dedupe`.',
      ]);
    }
    const isHere = storage instanceof ThrottlerStorageService;
    return { options, storage: isHere ? storage : new SharedLimitStorage(storage, own) };
  }
  return undefined;
}
