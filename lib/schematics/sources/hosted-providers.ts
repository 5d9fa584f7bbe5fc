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

/** Identity providers that somebody else runs. */
export const hostedProviders = {
  entra: {
    title: 'Microsoft Entra ID',
    page: 'docs/providers/entra.md',
    variables: [
      text(
        'ENTRA_TENANT_ID',
        '00000000-0000-0000-0000-000000000000',
        'Directory (tenant) ID. Microsoft Entra admin center: App registrations, this application, Overview.',
      ),
      text(
        'ENTRA_APP_ID',
        '00000000-0000-0000-0000-000000000000',
        'Application (client) ID of this server. It is on the same page. The Application ID URI is MCP_RESOURCE.',
      ),
      clientSecret('A client secret of this application: Certificates & secrets. Copy its value, not its ID.'),
      scope(
        'Scope of the API that is called: API permissions of this application. ".default" stands for all that has consent.',
        'api://00000000-0000-0000-0000-000000000000/.default',
      ),
    ],
    issuer: 'providers.entra({ applicationId: env.ENTRA_APP_ID, tenants: [env.ENTRA_TENANT_ID] })',
    clientId: 'env.ENTRA_APP_ID',
    authentication: 'clientSecretPost',
    target: [SCOPES, 'dialect: dialects.entraOnBehalfOf(),'].join('\n'),
  },
  okta: {
    title: 'Okta',
    page: 'docs/providers/okta.md',
    variables: [
      text(
        'OKTA_DOMAIN',
        'acme.okta.com',
        'Domain of the org, without "https://". Admin Console: the menu of the user.',
      ),
      text(
        'OKTA_AUTHORIZATION_SERVER',
        'default',
        'ID of the custom authorization server. Admin Console: Security, API, Authorization Servers.',
      ),
      text(
        'OKTA_AUDIENCE',
        'api://default',
        'Audience of this authorization server. It is in the same list. Give the server one of its own.',
      ),
      clientId('Client ID of this server: Applications, an API Services application with the grant Token Exchange.'),
      clientSecret('Its secret: the tab General of this application, Client Credentials.'),
      audience('Audience of the authorization server of the API.', 'api://orders'),
      scope('Scope of the API: Authorization Servers, the one of the API, Scopes. Okta exchanges nothing without one.'),
    ],
    issuer: [
      'providers.okta({',
      'domain: env.OKTA_DOMAIN,',
      'authorizationServer: env.OKTA_AUTHORIZATION_SERVER,',
      'audience: env.OKTA_AUDIENCE,',
      '})',
    ].join('\n'),
    authentication: 'clientSecretBasic',
    target: [AUDIENCE, SCOPES, 'dialect: dialects.okta(),'].join('\n'),
  },
  auth0: {
    title: 'Auth0',
    page: 'docs/providers/auth0.md',
    variables: [
      text(
        'AUTH0_DOMAIN',
        'acme.eu.auth0.com',
        'Domain of the tenant, without "https://". Dashboard: Settings, Custom Domains or General.',
      ),
      clientId('Client ID of this server: Applications, an application of the type Custom API Client.'),
      clientSecret('Its secret: the tab Settings of this application.'),
      audience('Identifier of the API that is called: Applications, APIs.', 'https://api.acme.example'),
      scope('Permission of this API: the tab Permissions of the API.', 'read:items'),
    ],
    issuer: 'providers.auth0({ domain: env.AUTH0_DOMAIN })',
    authentication: 'clientSecretPost',
    target: [AUDIENCE, SCOPES, 'dialect: dialects.auth0(),'].join('\n'),
  },
  ping: {
    title: 'PingOne or PingFederate',
    page: 'docs/providers/ping.md',
    variables: [
      url(
        'PING_ISSUER',
        'https://auth.pingone.eu/00000000-0000-0000-0000-000000000000/as',
        'Issuer. PingOne: Applications, an application, Configuration, Issuer ID. PingFederate: the Base URL.',
      ),
      clientId('Client ID of this server: an application with the grant Token exchange.'),
      clientSecret('Its secret: the tab Configuration of this application.'),
      url('API_RESOURCE', 'https://api.acme.example', 'Audience of the resource that stands for the API.'),
      scope('Scope of this resource.'),
    ],
    issuer: 'providers.ping({ issuer: env.PING_ISSUER })',
    authentication: 'clientSecretBasic',
    target: ['resource: env.API_RESOURCE,', SCOPES, 'dialect: dialects.rfc8693(),'].join('\n'),
  },
  cognito: {
    title: 'Amazon Cognito',
    page: 'docs/providers/cognito.md',
    variables: [
      text(
        'COGNITO_USER_POOL_ID',
        'eu-central-1_AbCdEf123',
        'User pool ID. AWS console: Amazon Cognito, User pools, this pool, Overview.',
      ),
      text(
        'COGNITO_APP_CLIENT_ID',
        '1example23456789',
        'Client ID of the app client that MCP clients use: App clients of the pool.',
      ),
      text(
        'COGNITO_RESOURCE_SERVER',
        'mcp-server',
        'Identifier of the resource server that has the scopes of the tools: Domain, Resource servers.',
      ),
      clientId(
        'Client ID of the app client of this server itself, with the grant Client credentials.',
        '9example87654321',
      ),
      clientSecret('Its secret: App clients, this client, Client secret.'),
      scope('Custom scope of the API, with the identifier of its resource server.', 'api/read'),
    ],
    issuer: [
      'providers.cognito({',
      'userPoolId: env.COGNITO_USER_POOL_ID,',
      'clients: [env.COGNITO_APP_CLIENT_ID],',
      'resourceServer: env.COGNITO_RESOURCE_SERVER,',
      '})',
    ].join('\n'),
    authentication: 'clientSecretBasic',
    target: [SCOPES, 'dialect: dialects.clientCredentials(),'].join('\n'),
    note: 'Cognito exchanges no tokens. The API is called as this server, whoever the user is.',
  },
  zitadel: {
    title: 'ZITADEL',
    page: 'docs/providers/zitadel.md',
    variables: [
      text('ZITADEL_DOMAIN', 'acme-abc123.zitadel.cloud', 'Domain of the instance, without "https://".'),
      text('ZITADEL_PROJECT_ID', '69234237810729019', 'Resource ID of the project. Console: Projects, this project.'),
      clientId(
        'Client ID of this server: an application of the project with the grant Token Exchange.',
        '69234237810729021',
      ),
      clientSecret('Its secret: the page of this application.'),
      audience('Resource ID of the project of the API.', '69234237810729020'),
    ],
    issuer: [
      'providers.zitadel({',
      'domain: env.ZITADEL_DOMAIN,',
      'projectId: env.ZITADEL_PROJECT_ID,',
      'roles: true,',
      '})',
    ].join('\n'),
    authentication: 'clientSecretBasic',
    target: [
      AUDIENCE,
      "dialect: dialects.rfc8693({ requestedTokenType: 'urn:ietf:params:oauth:token-type:jwt' }),",
    ].join('\n'),
  },
  xsuaa: {
    title: 'SAP XSUAA',
    page: 'docs/providers/xsuaa.md',
    variables: [
      url(
        'XSUAA_URL',
        'https://acme.authentication.eu10.hana.ondemand.com',
        'url of the service binding. SAP BTP cockpit: Instances and Subscriptions, the instance, Bindings.',
      ),
      text('XSUAA_XSAPPNAME', 'mcp-server!t1234', 'xsappname of the same binding.'),
      text('XSUAA_IDENTITY_ZONE', '00000000-0000-0000-0000-000000000000', 'identityzoneid of the same binding.'),
      clientId('clientid of the same binding.', 'sb-mcp-server!t1234'),
      clientSecret('clientsecret of the same binding.'),
      scope('Scope of the API, with the xsappname of the API.', 'orders-api!t1234.view'),
    ],
    issuer: [
      'providers.xsuaa({',
      'url: env.XSUAA_URL,',
      'xsappname: env.XSUAA_XSAPPNAME,',
      'identityZone: env.XSUAA_IDENTITY_ZONE,',
      '})',
    ].join('\n'),
    authentication: 'clientSecretPost',
    target: [SCOPES, 'dialect: dialects.xsuaa(),'].join('\n'),
  },
} satisfies Record<string, IdentityProvider>;
