import type { ResolvedIssuer } from '../resource-server/issuers/resolved-issuer.js';
import type { ResolvedOptions } from '../options/resolved-options.js';
import type { Finding } from './finding.js';

/** Hosts of the clouds of Microsoft Entra ID. */
const ENTRA =
  /^https:\/\/(login\.microsoftonline\.(com|us)|login\.partner\.microsoftonline\.cn|sts\.windows\.net|[^/]+\.ciamlogin\.com)\//;

/**
 * Checks whether the `resource` that clients ask for (RFC 8707) fits the audience of tokens and the requested scopes.
 */
export function checkResource({ resource, issuers }: ResolvedOptions): Finding[] {
  return issuers.flatMap((issuer) => [...checkAudiences(issuer, resource), ...checkEntra(issuer, resource)]);
}

function checkAudiences({ identifier, audiences }: ResolvedIssuer, resource: string): Finding[] {
  if (audiences.some((audience) => isSame(audience, resource))) return [];
  return [
    {
      code: 'audience_is_not_resource',
      severity: 'info',
      subject: 'issuers.audiences',
      message: `Tokens of ${identifier} are for ${audiences.join(' or ')}, while MCP clients ask for ${resource} (RFC 8707).`,
      fix: 'Check that the authorization server issues such tokens to those who ask so. If it can write `resource` into `aud`, configure that and remove `audiences`.',
    },
  ];
}

function checkEntra({ identifier, scopePrefix }: ResolvedIssuer, resource: string): Finding[] {
  if (!isEntra({ identifier, scopePrefix })) return [];
  const application = scopePrefix.replace(/\/$/, '');
  const finding = { code: 'entra_resource_mismatch', severity: 'warning' } as const;
  // Clients write the slash of an empty path, too.
  if (new URL(resource).href.endsWith('/')) {
    return [
      {
        ...finding,
        subject: 'resource',
        message: `Clients ask Entra ID for the resource ${new URL(resource).href}, as MCP demands. An identifier URI has no slash at the end there, so it refuses them (AADSTS9010010).`,
        fix: 'Give the server a path without a slash at the end, such as "/mcp".',
      },
    ];
  }
  if (application === '' || isSame(application, resource)) return [];
  return [
    {
      ...finding,
      subject: 'issuers.scopePrefix',
      message: `Clients ask Entra ID for scopes of ${application} and, as MCP demands, for the resource ${resource}. It refuses a resource that is no identifier URI of the application whose scopes these are (AADSTS9010010).`,
      fix: `Add "${resource}", without a slash at the end, to \`identifierUris\` of the registration ("Expose an API", or \`az ad app update --id <applicationId> --identifier-uris ${resource} ${application}\`), and remove \`applicationIdUri\` of \`providers.entra()\`. Its domain has to be verified in the tenant.`,
    },
  ];
}

/** Whether an issuer is Microsoft Entra ID. */
export function isEntra({ identifier, scopePrefix }: Pick<ResolvedIssuer, 'identifier' | 'scopePrefix'>): boolean {
  return ENTRA.test(identifier) || scopePrefix.startsWith('api://');
}

/** RFC 3986 section 6.2.3: an empty path and "/" are the same. */
function isSame(one: string, other: string): boolean {
  return one === other || `${one}/` === other || one === `${other}/`;
}
