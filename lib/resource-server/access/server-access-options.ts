import type { ResolvedOptions } from '../../options/resolved-options.js';
import type { Type } from '@nestjs/common';
import { z } from 'zod';
import type { Policy } from './policy.js';

/** Who may use the server at all, regardless of the scopes of its tools. */
export interface ServerAccessOptions {
  /** Disables authentication: anyone may send requests. Not allowed with `issuers`, scopes or downstreams. */
  anonymous?: boolean;
  /** Whether tools accept tokens without a user. A tool's own `appOnly` overrides this. Defaults to `'allow'`. */
  appOnly?: 'allow' | 'deny';
  /** Policies of every tool. They run in this order, before the policies of {@link UsePolicy}. */
  policies?: readonly Type<Policy>[];
}

const isClass = (value: unknown) => typeof value === 'function';

/** Schema of {@link ServerAccessOptions}. */
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
