import type { Type } from '@nestjs/common';
import {
  EXCEPTION_FILTERS_METADATA,
  GUARDS_METADATA,
  INTERCEPTORS_METADATA,
  PIPES_METADATA,
} from '@nestjs/common/constants.js';
import type { ApplicationConfig } from '@nestjs/core';
import { McpAuthConfigurationError } from '../../errors/configuration-error.js';
import { describePlace, type MethodHost } from '../../resource-server/catalogue/primitive.js';

/** Nest ignores the class of a provider made by `useFactory` or `useValue`, so its guards would not run. */
export class SkippedEnhancers {
  /** To look at a class once for each of its methods takes long. */
  readonly #ofClasses = new WeakMap<Type, readonly unknown[]>();

  constructor(private readonly config: ApplicationConfig) {}

  /** @throws {@link McpAuthConfigurationError} naming the enhancers of a method that would be skipped */
  refuse(host: MethodHost): void {
    const { config } = this;
    const { wrapper, type, method } = host;
    const handler = host.handler ?? ((type.prototype as Record<string, object>)[method] as object);
    const enhancers = [...this.#listOfClass(type), ...listEnhancers(handler)];
    const skipped = enhancers.filter((enhancer) => isClass(enhancer) && !wrapper.host?.injectables.has(enhancer));
    const scoped = wrapper.isNotMetatype
      ? [
          config.getGlobalRequestGuards(),
          config.getGlobalRequestInterceptors(),
          config.getGlobalRequestPipes(),
          config.getGlobalRequestFilters(),
        ].flat()
      : [];
    if (skipped.length + scoped.length === 0) return;
    const names = [...skipped, ...scoped].map((enhancer) => (enhancer as { name: string }).name).join(', ');
    throw new McpAuthConfigurationError([
      `${describePlace(host)} is behind ${names}, which Nest skips on providers made by useFactory or useValue. Provide the class itself, or with useClass.`,
    ]);
  }

  #listOfClass(type: Type): readonly unknown[] {
    const known = this.#ofClasses.get(type);
    if (known) return known;
    const enhancers = listEnhancers(type);
    this.#ofClasses.set(type, enhancers);
    return enhancers;
  }
}

/** Enhancers of a class or a method. Most methods have none. */
function listEnhancers(target: object): readonly unknown[] {
  const keys = Reflect.getMetadataKeys(target).filter((key) => ENHANCERS.has(key));
  return keys.flatMap((key) => Reflect.getMetadata(key, target) as unknown[]);
}

/** Metadata keys of the decorators that put something before or around methods. */
const ENHANCERS: ReadonlySet<unknown> = new Set([
  GUARDS_METADATA,
  INTERCEPTORS_METADATA,
  PIPES_METADATA,
  EXCEPTION_FILTERS_METADATA,
]);

function isClass(value: unknown): value is Type {
  return typeof value === 'function';
}
