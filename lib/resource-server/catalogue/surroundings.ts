import type { Type } from '@nestjs/common';
import type { Reflector } from '@nestjs/core';
import type { Policy } from '../access/policy.js';
import { ANONYMOUS } from '../decorators/anonymous.decorator.js';
import { POLICIES } from '../decorators/use-policy.decorator.js';
import { readSearchRole, SEARCH_ROLE, type SearchRole } from './search-role.js';

/** Settings of a method from its other decorators, its class and the module. */
export interface Surroundings {
  readonly anonymous: boolean;
  readonly policies: readonly Type<Policy>[];
  /** Default for methods without `appOnly`. */
  readonly appOnly: 'allow' | 'deny';
  /** Default for methods without `timeoutMs`, in milliseconds. */
  readonly timeoutMs: number | undefined;
  /** The part of a tool in the search of operations. */
  readonly search?: SearchRole | undefined;
}

/** What the decorators of a class say of all its methods. */
export interface ClassSurroundings {
  readonly anonymous: boolean | undefined;
  readonly policies: readonly Type<Policy>[];
}

/** Reads what a class says of its methods, once for all of them. */
export function readClassSurroundings(reflector: Reflector, type: Type): ClassSurroundings {
  return { anonymous: reflector.get<boolean | undefined>(ANONYMOUS, type), policies: readPolicies(reflector, type) };
}

/**
 * Reads what surrounds a method.
 *
 * @param handler - the method. Its decorators apply along with those of its class
 * @param module - what the module says for all methods
 * @param metadata - the keys of what the decorators of the method say. To look for what is not there takes longest
 */
export function readSurroundings(
  reflector: Reflector,
  ofClass: ClassSurroundings,
  handler: () => unknown,
  { policies, appOnly, timeoutMs }: Omit<Surroundings, 'anonymous' | 'search'>,
  metadata: ReadonlySet<unknown> = new Set(Reflect.getMetadataKeys(handler)),
): Surroundings {
  const anonymous = metadata.has(ANONYMOUS) ? reflector.get<boolean | undefined>(ANONYMOUS, handler) : undefined;
  const own = metadata.has(POLICIES) ? readPolicies(reflector, handler) : [];
  return {
    anonymous: anonymous ?? ofClass.anonymous ?? false,
    policies: [...policies, ...ofClass.policies, ...own],
    appOnly,
    timeoutMs,
    search: metadata.has(SEARCH_ROLE) ? readSearchRole(handler) : undefined,
  };
}

function readPolicies(reflector: Reflector, target: Type | (() => unknown)): readonly Type<Policy>[] {
  return reflector.get<Type<Policy>[] | undefined>(POLICIES, target) ?? [];
}
