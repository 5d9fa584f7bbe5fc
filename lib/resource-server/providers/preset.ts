import { z } from 'zod';
import { McpAuthConfigurationError } from '../../errors/configuration-error.js';
import type { IssuerOptions } from '../issuers/issuer-options.js';
import { describeIssue } from '../../options/option-problems.js';
import { findBackendUrlProblem } from '../../options/option-rules.js';
import { createTextSchema } from '../../options/text-schema.js';

/** Issuer options that a preset accepts besides its own. They override the preset. */
export type PresetOverrides = Partial<Omit<IssuerOptions, 'issuer' | 'tenants' | 'acceptAnyTenant'>>;

/** Address of a provider that people run themselves, and may accept on plain http. */
export function createAddressSchema({ acceptClearText }: PresetOverrides): z.ZodString {
  return createTextSchema((value) => findBackendUrlProblem(value, acceptClearText));
}

/** Host of an identity provider, without scheme and path. */
export const domain = z
  .string()
  .refine(
    (value) => URL.canParse(`https://${value}`) && new URL(`https://${value}`).host === value,
    'is not a host. Write the host only, in lower case, such as "acme.example.com", without "https://" and without a path',
  );

/** Id of a tenant, an application or an environment of a provider. */
export const guid = z
  .string()
  .regex(
    /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/,
    'is not a GUID in lower case. Copy it from the provider. Tokens have the GUID, not the name',
  );

/**
 * Splits the options of a preset into its own and the overrides. The overrides are checked at boot with all other
 * options.
 *
 * @throws {@link McpAuthConfigurationError} naming the preset, the option and the fix
 */
export function parsePresetOptions<Own extends z.ZodRawShape>(
  preset: string,
  own: z.ZodObject<Own>,
  options: unknown,
): { own: z.output<z.ZodObject<Own>>; overrides: PresetOverrides } {
  const result = own.safeParse(options, { reportInput: true });
  if (!result.success) {
    throw new McpAuthConfigurationError(
      result.error.issues.flatMap((issue) => describeIssue(issue, `providers.${preset}().`)),
    );
  }
  const names = Object.keys(own.shape);
  const rest = Object.entries(options as object).filter(([name]) => !names.includes(name));
  return { own: result.data, overrides: Object.fromEntries(rest) };
}
