import { McpAuthConfigurationError } from '../errors/configuration-error.js';
import { describeIssue } from '../options/option-problems.js';
import type { IssuerOptions } from '../resource-server/issuers/issuer-options.js';
import { issuersSchema } from '../resource-server/issuers/issuer-schema.js';
import { resolveIssuers, type ResolvedIssuer } from '../resource-server/issuers/resolved-issuer.js';
import type { McpAuthModuleOptions } from './mcp-auth-options.js';
import { optionsSchema } from './options-schema.js';
import { applyProfile, findProfileFaults } from './strict-profile.js';

/**
 * Checks an issuer that the application has found for a token, as those that are known at boot, and fills in the
 * defaults.
 *
 * @param found - what the application returned
 * @param iss - of the token
 * @param audiences - values of `aud` that mean this server
 * @throws {@link McpAuthConfigurationError} naming every option at fault
 */
export function completeIssuer(
  found: IssuerOptions,
  iss: string,
  options: McpAuthModuleOptions,
  audiences: readonly string[],
): ResolvedIssuer {
  const { acceptClearText } = options.issuerResolver ?? {};
  const issuer = acceptClearText ? { acceptClearText, ...found } : found;
  const parsed = optionsSchema
    .extend({ issuers: issuersSchema })
    .safeParse({ ...options, issuers: [issuer] }, { reportInput: true });
  if (!parsed.success) throw new McpAuthConfigurationError(parsed.error.issues.flatMap((one) => describeIssue(one)));
  const faults = findProfileFaults(parsed.data).map(
    ([path, message]) => `\`${path.map(String).join('.')}\` ${message}.`,
  );
  if (issuer.introspection && !issuer.introspection.client)
    faults.push('`introspection.client` is missing. An issuer that is found at run time has to bring it.');
  if (issuer.introspection && issuer.introspection.jwt !== 'always')
    faults.push(
      "`introspection` has no effect here: an opaque token does not say whose it is, so no issuer that is found at run time is asked about one. Set `introspection.jwt` to 'always' to have its JWTs looked up, or put the issuer into `issuers`.",
    );
  if (issuer.tenants ?? issuer.acceptAnyTenant)
    faults.push('`tenants` and `acceptAnyTenant` have no meaning here: each tenant is asked about by itself.');
  if (faults.length > 0) throw new McpAuthConfigurationError(faults);
  const pattern = options.issuerResolver?.pattern ?? iss;
  const [applied = issuer] = applyProfile({ ...options, issuers: [issuer] }).issuers ?? [];
  const [resolved] = resolveIssuers([applied], audiences, []);
  if (resolved?.tokenIssuer !== iss)
    throw new McpAuthConfigurationError([
      `\`issuer\` is "${issuer.issuer}", but the tokens have the iss "${iss}". Return the options of that very issuer, with \`tokenIssuer\` if it has another name.`,
    ]);
  return { ...resolved, template: pattern };
}
