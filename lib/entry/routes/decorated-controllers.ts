import type { Type } from '@nestjs/common';
import {
  EXCEPTION_FILTERS_METADATA,
  GUARDS_METADATA,
  INTERCEPTORS_METADATA,
  METHOD_METADATA,
  PIPES_METADATA,
} from '@nestjs/common/constants.js';
import { McpAuthConfigurationError } from '../../errors/configuration-error.js';

const ENHANCERS = [GUARDS_METADATA, INTERCEPTORS_METADATA, PIPES_METADATA, EXCEPTION_FILTERS_METADATA];

/** What `@ApiExcludeController()` of `@nestjs/swagger` sets. */
const EXCLUDED_FROM_SWAGGER = 'swagger/apiExcludeController';

/**
 * Keeps routes out of the documents of `@nestjs/swagger`. Those are made before Nest initializes the application, and so
 * before the paths of the routes are known.
 */
export function hideFromSwagger(types: readonly Type[]): void {
  for (const type of types) Reflect.defineMetadata(EXCLUDED_FROM_SWAGGER, [true], type);
}

/**
 * Puts decorators of the application on controllers, and what they say on each of their handlers: guards may look for a
 * mark on either.
 *
 * @throws {@link McpAuthConfigurationError} if a decorator brings an enhancer that Nest would skip
 */
export function decorateControllers(types: readonly Type[], decorators: readonly ClassDecorator[]): void {
  for (const type of types) {
    if (decorators.length === 0) continue;
    const own = new Map(ENHANCERS.map((key) => [key, readList(key, type)]));
    const before = new Set(Reflect.getOwnMetadataKeys(type) as unknown[]);
    for (const decorate of decorators) decorate(type);
    for (const key of ENHANCERS) keepOwnEnhancers(key, own.get(key) ?? [], type);
    const marks = (Reflect.getOwnMetadataKeys(type) as unknown[]).filter(
      (key) => !before.has(key) && !ENHANCERS.includes(key as string),
    );
    for (const handler of ownHandlers(type)) {
      for (const key of marks) Reflect.defineMetadata(key, Reflect.getOwnMetadata(key, type), handler);
    }
  }
}

/** The last filter is asked first: that of a challenge must not be replaced. Guards run in their order. */
function keepOwnEnhancers(key: string, own: readonly unknown[], type: Type): void {
  const added = readList(key, type).filter((one) => !own.includes(one));
  const skipped = added.filter((one) => typeof one === 'function') as Type[];
  if (skipped.length > 0) {
    throw new McpAuthConfigurationError([
      `\`endpoint.decorators\` brings ${skipped.map(({ name }) => name).join(', ')}, which Nest would not find at these routes. Give an instance, or make it global.`,
    ]);
  }
  if (added.length === 0) return;
  Reflect.defineMetadata(key, key === EXCEPTION_FILTERS_METADATA ? [...added, ...own] : [...own, ...added], type);
}

/** Gives a class handlers of its own. Those that it inherits belong to the controllers of all servers. */
function ownHandlers(type: Type): readonly object[] {
  const base = Object.getPrototypeOf(type.prototype) as Record<string, (...parts: unknown[]) => unknown>;
  const names = Object.getOwnPropertyNames(base).filter((name) => {
    const value: unknown = Object.getOwnPropertyDescriptor(base, name)?.value;
    return typeof value === 'function' && Reflect.hasMetadata(METHOD_METADATA, value);
  });
  return names.map((name) => {
    const inherited = base[name] as (...parts: unknown[]) => unknown;
    const handler = {
      [name](this: object, ...parts: unknown[]) {
        return inherited.apply(this, parts);
      },
    }[name] as object;
    for (const key of Reflect.getMetadataKeys(inherited) as unknown[])
      Reflect.defineMetadata(key, Reflect.getMetadata(key, inherited), handler);
    Object.defineProperty(type.prototype, name, { value: handler, writable: true, configurable: true });
    return handler;
  });
}

function readList(key: string, type: Type): readonly unknown[] {
  return (Reflect.getMetadata(key, type) ?? []) as unknown[];
}
