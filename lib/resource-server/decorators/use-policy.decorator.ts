import 'reflect-metadata';
import type { Type } from '@nestjs/common';
import type { Policy } from '../access/policy.js';

export const POLICIES = 'nestjs-mcp-auth:policies';

/**
 * Puts a tool, or all tools of a class, under policies. They run after the scopes and the arguments are checked, in the
 * given order, those of the class first. A denial becomes an `isError` result (SEP-2643), because no further scope
 * would help.
 *
 * @param policies - classes that implement {@link Policy}: providers, or classes that Nest instantiates with their
 *   dependencies
 */
export function UsePolicy(...policies: Type<Policy>[]): ClassDecorator & MethodDecorator {
  return (target: object, _key?: string | symbol, method?: PropertyDescriptor) => {
    const decorated = (method?.value ?? target) as object;
    // Decorators apply from the last to the first. Policies of parent classes come first.
    const own = (Reflect.getOwnMetadata(POLICIES, decorated) ?? []) as Type<Policy>[];
    const inherited = (Reflect.getMetadata(POLICIES, Object.getPrototypeOf(decorated) as object) ??
      []) as Type<Policy>[];
    const known = own.length > 0 ? own.slice(inherited.length) : [];
    Reflect.defineMetadata(POLICIES, [...inherited, ...policies, ...known], decorated);
  };
}
