import {
  AUDIENCE,
  SCOPES,
  audience,
  clientId,
  clientSecret,
  scope,
  text,
  url,
  type IdentityProvider,
} from './identity-provider.js';

/** Identity providers that people run themselves, and any other. */
export const ownProviders = {
  keycloak: {
    title: 'Keycloak',
    page: 'docs/providers/keycloak.md',
    variables: [
      url(
        'KEYCLOAK_URL',
        'https://id.acme.example',
        'Address of Keycloak, as browsers use it. It is the part of the issuer before "/realms/".',
      ),
      text('KEYCLOAK_REALM', 'acme', 'Name of the realm. The administration console shows it at the top left.'),
      clientId('Client ID of this server. Administration console: Clients. Switch Standard Token Exchange on there.'),
      clientSecret('Its secret. Administration console: Clients, this client, Credentials, Client Secret.'),
      audience('Client ID of the client that stands for the API. Administration console: Clients.'),
      scope('Client scope of the API. Administration console: Client scopes. It has to have an audience mapper.'),
    ],
    issuer: 'providers.keycloak({ url: env.KEYCLOAK_URL, realm: env.KEYCLOAK_REALM })',
    authentication: 'clientSecretBasic',
    target: [AUDIENCE, SCOPES, 'dialect: dialects.keycloak(),'].join('\n'),
  },
  authentik: {
    title: 'authentik',
    page: 'docs/providers/authentik.md',
    variables: [
      url('AUTHENTIK_URL', 'https://id.acme.example', 'Address of authentik, as browsers use it.'),
      text(
        'AUTHENTIK_APPLICATION',
        'mcp-server',
        'Slug of the application. Admin interface: Applications, Applications.',
      ),
      text(
        'AUTHENTIK_CLIENT_ID',
        'Xh3kPqL9b7Tz0RmW',
        'Client ID of its provider, which MCP clients use: Applications, Providers.',
      ),
      clientId('Client ID of the provider of this server itself, with the grant Token exchange.', 'Qw8eRt5yUi2oPa6s'),
      clientSecret('Its client secret. It is on the same page.'),
      audience('Client ID of the provider of the API.', 'kV0rWq2mT5'),
      scope('Scope that a scope mapping of the API gives: Customization, Property Mappings.'),
    ],
    issuer: [
      'providers.authentik({',
      'url: env.AUTHENTIK_URL,',
      'application: env.AUTHENTIK_APPLICATION,',
      'clientId: env.AUTHENTIK_CLIENT_ID,',
      '})',
    ].join('\n'),
    authentication: 'clientSecretBasic',
    target: [AUDIENCE, SCOPES, 'dialect: dialects.rfc8693(),'].join('\n'),
  },
  spring: {
    title: 'Spring Authorization Server',
    page: 'docs/providers/spring.md',
    variables: [
      url('ISSUER_URL', 'https://id.acme.example', 'Issuer: spring.security.oauth2.authorizationserver.issuer.'),
      clientId('Client ID of this server: the registration with the grant of token exchange.'),
      clientSecret('Its secret: client-secret of this registration, as it was before it was encoded.'),
      audience('Audience that the customizer of access tokens writes for the API.'),
      scope('Scope of the API: scopes of the same registration.'),
    ],
    issuer: '{ issuer: env.ISSUER_URL }',
    authentication: 'clientSecretBasic',
    target: [AUDIENCE, SCOPES, 'dialect: dialects.rfc8693(),'].join('\n'),
  },
  adfs: {
    title: 'AD FS',
    page: 'docs/providers/adfs.md',
    variables: [
      text(
        'ADFS_HOST',
        'adfs.acme.example',
        'Name of the federation service, without "https://": Get-AdfsProperties, HostName.',
      ),
      clientSecret('Secret of the Server application whose Client Identifier is MCP_RESOURCE: Application Groups.'),
      url('API_RESOURCE', 'https://api.acme.example', 'Identifier of the Web API that stands for the API.'),
    ],
    issuer: 'providers.adfs({ host: env.ADFS_HOST })',
    clientId: 'env.MCP_RESOURCE',
    authentication: 'clientSecretPost',
    target: ['resource: env.API_RESOURCE,', 'dialect: dialects.adfsOnBehalfOf(),'].join('\n'),
  },
  other: {
    title: 'another authorization server',
    page: 'docs/guides/issuers.md',
    variables: [
      url('ISSUER_URL', 'https://id.acme.example', 'Issuer, letter by letter as its metadata and its tokens write it.'),
      clientId('Client ID of this server. The authorization server has to let it exchange tokens (RFC 8693).'),
      clientSecret('Its secret.'),
      audience('Name of the API at the authorization server.'),
      scope('Scope of the API.'),
    ],
    issuer: '{ issuer: env.ISSUER_URL }',
    authentication: 'clientSecretBasic',
    target: [AUDIENCE, SCOPES, 'dialect: dialects.rfc8693(),'].join('\n'),
  },
} satisfies Record<string, IdentityProvider>;
