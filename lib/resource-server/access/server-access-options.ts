import type { ResolvedOptions } from '../../options/resolved-options.js';
import type { Type } from '@nestjs/common';
import { z } from 'zod';
import type { Policy } from './policy.js';

/** Who may use the server at all, whatever a single tool says of its scopes. */
export interface ServerAccessOptions {
  /** Gives up authentication: every request is served, from anyone. Only without `issuers`, scopes and downstreams. */
  anonymous?: boolean;
  /** Whether tools may be called with tokens that stand for no user. A tool's own `appOnly` comes first. Defaults to `'allow'`. */
  appOnly?: 'allow' | 'deny';
  /** Policies that every tool is subject to, in this order, before those of {@link UsePolicy}. */
  policies?: readonly Type<Policy>[];
}

const isClass = (value: unknown) => typeof value === 'function';

/** The form of {@link ServerAccessOptions}. */
export const serverAccessSchema = z.strictObject({
  anonymous: z.boolean().optional(),
  appOnly: z.enum(['allow', 'deny']).optional(),
  policies: z
    .array(z.custom<Type<Policy>>(isClass, 'is not a class. Give the class of the policy, not an object'))
    .optional(),
});

declare module '../../options/resolved-options.js' {
  interface ResolvedOptions {
    readonly policies: readonly Type<Policy>[];
    readonly appOnly: 'allow' | 'deny';
    readonly anonymous: boolean;
  }
}

/** Fills in the defaults. */
export function resolveServerAccess({
  anonymous = false,
  appOnly = 'allow',
  policies = [],
}: ServerAccessOptions = {}): Pick<ResolvedOptions, 'anonymous' | 'appOnly' | 'policies'> {
  return { anonymous, appOnly, policies };
}
