import type { IssuerMetadata } from '../resource-server/issuers/issuer-metadata.js';
import { isSecure } from '../options/option-rules.js';
import type { Finding } from './finding.js';

/** Checks what MCP clients need of an authorization server's metadata (RFC 8414 section 2). */
export function checkMetadata(issuer: string, metadata: IssuerMetadata, acceptClearText = false): Finding[] {
  return [
    ...checkEndpoints(issuer, metadata, acceptClearText),
    ...checkPkce(issuer, metadata),
    ...checkAuthorizationCode(issuer, metadata),
    ...checkRegistration(issuer, metadata),
  ];
}

function checkEndpoints(issuer: string, metadata: IssuerMetadata, acceptClearText: boolean): Finding[] {
  return (['authorization_endpoint', 'token_endpoint'] as const).flatMap((name): Finding[] => {
    const url = metadata[name];
    const finding = { subject: issuer, severity: 'error' } as const;
    if (url === undefined) {
      return [
        {
          ...finding,
          code: 'endpoint_missing',
          message: `Its metadata has no ${name}, so no MCP client can get a token for a user.`,
          fix: `Switch the authorization code flow on at the authorization server, so that it publishes ${name}.`,
        },
      ];
    }
    if (URL.canParse(url) && isSecure(new URL(url))) return [];
    if (acceptClearText && URL.canParse(url)) return describeAccepted(issuer, name, url);
    return [
      {
        ...finding,
        code: 'endpoint_insecure',
        message: `Its ${name} is "${url}", which is not https.`,
        fix: 'Serve the authorization server by https, and tell it its public address (behind a proxy: the forwarded headers).',
      },
    ];
  });
}

/** Plain http that the operator has chosen. What servers alone call is told of with the option itself. */
function describeAccepted(issuer: string, name: string, url: string): Finding[] {
  if (name === 'token_endpoint') return [];
  return [
    {
      code: 'clear_text',
      severity: 'warning',
      subject: issuer,
      message: `Its ${name} is "${url}", as \`acceptClearText\` lets it be. Passwords of users travel there in clear text, and many MCP clients open no such page.`,
      fix: 'Use https for the address that browsers see. Where only servers use plain http, tell the authorization server its public address.',
    },
  ];
}

/** The MCP specification requires clients to refuse a server that does not advertise PKCE with S256. */
function checkPkce(issuer: string, { code_challenge_methods_supported: methods }: IssuerMetadata): Finding[] {
  if (methods?.includes('S256')) return [];
  const finding = { code: 'pkce_not_advertised', subject: issuer } as const;
  if (methods) {
    return [
      {
        ...finding,
        severity: 'error',
        message: `Its code_challenge_methods_supported does not list S256 (${methods.join(', ') || 'empty'}), so MCP clients refuse it.`,
        fix: 'Allow PKCE with S256 at the authorization server.',
      },
    ];
  }
  return [
    {
      ...finding,
      severity: 'warning',
      message:
        'Its metadata has no code_challenge_methods_supported: MCP clients that go by the specification refuse it.',
      fix: 'Have the authorization server publish `"code_challenge_methods_supported": ["S256"]`. Where it cannot (Entra ID), try the clients that you care about. Many accept a server that does not publish it.',
    },
  ];
}

function checkAuthorizationCode(issuer: string, { grant_types_supported: grants }: IssuerMetadata): Finding[] {
  if (!grants || grants.includes('authorization_code')) return [];
  return [
    {
      code: 'grant_type_not_advertised',
      severity: 'warning',
      subject: issuer,
      message:
        'Its grant_types_supported does not list authorization_code. MCP clients get tokens for users by that grant.',
      fix: 'Switch the authorization code flow on at the authorization server, unless every client acts for itself.',
    },
  ];
}

function checkRegistration(issuer: string, metadata: IssuerMetadata): Finding[] {
  if (metadata.client_id_metadata_document_supported === true || metadata.registration_endpoint !== undefined)
    return [];
  return [
    {
      code: 'client_registration_not_advertised',
      severity: 'info',
      subject: issuer,
      message:
        'It takes neither client ID metadata documents nor dynamic registrations (RFC 7591): MCP clients that it does not know cannot sign in.',
      fix: 'Register the clients that you want there, and give each its client id.',
    },
  ];
}
