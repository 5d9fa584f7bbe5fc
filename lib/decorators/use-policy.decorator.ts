import { SetMetadata, type CustomDecorator, type Type } from '@nestjs/common';
import type { Policy } from '../authorization/policy.js';

export const POLICIES = 'nestjs-mcp-auth:policies';

/**
 * Puts a tool, or all tools of a class, under policies: each is asked once the caller's scopes suffice and the arguments
 * are valid, in this order, those of the class first. A denial becomes an `isError` result (SEP-2643), because no other
 * scope would mend it.
 *
 * @param policies - classes that implement {@link Policy}: providers, or made by Nest with what they inject
 */
export function UsePolicy(...policies: Type<Policy>[]): CustomDecorator {
  return SetMetadata(POLICIES, policies);
}
