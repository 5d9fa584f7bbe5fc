import type { Type } from '@nestjs/common';
import type { Reflector } from '@nestjs/core';
import type { Policy } from '../access/policy.js';
import { ANONYMOUS } from '../decorators/anonymous.decorator.js';
import { POLICIES } from '../decorators/use-policy.decorator.js';
import { readSearchRole, type SearchRole } from './search-role.js';

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

/**
 * Reads what surrounds a method.
 *
 * @param handler - the method. Its decorators apply along with those of its class
 * @param module - what the module says for all methods
 */
export function readSurroundings(
  reflector: Reflector,
  type: Type,
  handler: () => unknown,
  { policies, appOnly, timeoutMs }: Omit<Surroundings, 'anonymous' | 'search'>,
): Surroundings {
  const own = [type, handler].flatMap((target) => reflector.get<Type<Policy>[] | undefined>(POLICIES, target) ?? []);
  return {
    anonymous: reflector.getAllAndOverride<boolean | undefined>(ANONYMOUS, [handler, type]) ?? false,
    policies: [...policies, ...own],
    appOnly,
    timeoutMs,
    search: readSearchRole(handler),
  };
}
