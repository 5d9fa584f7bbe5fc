/** What an operator looks for at a provider. `userScope` is about the client of the user, and the others about this server. */
export type Topic = 'audience' | 'client' | 'consent' | 'exchange' | 'scope' | 'target' | 'userScope';

type Screens = Readonly<Record<Topic, string>>;

/** Where a provider keeps what the doctor asks for. The pages in docs/providers link to what these words are from. */
interface Provider {
  /** Matches the identifiers of its issuers. */
  readonly issuer: RegExp;
  /** Dialects that only it speaks. They tell it where the issuer has a domain of its own. */
  readonly dialects?: readonly string[];
  readonly screens: Screens;
}

const NO_EXCHANGE =
  'exchanges no tokens. Reach the API by `linked`, or as the server itself: `dialects.clientCredentials()`.';

const PROVIDERS: readonly Provider[] = [
  {
    issuer: /\/realms\/[^/]+$/,
    dialects: ['keycloak'],
    screens: {
      audience:
        'Keycloak: Client scopes > the scope of the tool > Mappers > Configure a new mapper (or Add mapper > By configuration) > Audience, with the URL of this server as Included Custom Audience and Add to access token on (`kcadm.sh create client-scopes/<scope id>/protocol-mappers/models`). The client of the user needs that scope: Clients > that client > Client scopes.',
      client:
        'Keycloak: Clients > the client of this server > Settings: Enabled is on, Client authentication is on, and Credentials has the secret (`kcadm.sh get clients/<id>/client-secret`).',
      consent:
        'Keycloak: Clients > the client of this server > Settings > Consent required is off, or `consentUrl` of the downstream is a page on which users consent (`kcadm.sh update clients/<id> -s consentRequired=false`).',
      exchange:
        'Keycloak: Clients > the client of this server > Settings > Capability config > Standard Token Exchange, for which Client authentication has to be on (`kcadm.sh update clients/<id> -s publicClient=false -s \'attributes."standard.token.exchange.enabled"=true\'`).',
      scope:
        'Keycloak: Clients > the client of this server > Client scopes > Add client scope (`kcadm.sh update clients/<id>/optional-client-scopes/<scope id>`). If the scope has role scope mappings (Client scopes > the scope > Scope), only users with one of these roles get it: Users > the user > Role mapping.',
      target:
        'Keycloak: the token that comes in needs the client of this server in `aud`: Client scopes > the scope of the tool > Mappers > Audience, with that client as Included Client Audience. The API has to be an enabled client, and a client scope that this exchange asks for, or that is a Default one of the client of this server, needs an audience mapper for the client of the API. With Full scope allowed off (Clients > the client of this server > Client scopes > the dedicated scope > Scope), an audience that comes from roles needs these roles there.',
      userScope:
        'Keycloak: Clients > the client of the user > Client scopes > Add client scope, as Default or Optional (`kcadm.sh update clients/<id>/optional-client-scopes/<scope id>`).',
    },
  },
  {
    issuer: /microsoftonline|sts\.windows\.net|ciamlogin/,
    dialects: ['entraOnBehalfOf'],
    screens: {
      audience:
        'Entra: App registrations > the registration of this server > Expose an API > Application ID URI (`az ad app update --id <applicationId> --identifier-uris <resource>`).',
      client:
        'Entra: App registrations > the registration of this server > Certificates & secrets (`az ad app credential list --id <applicationId>`).',
      consent:
        'Entra: App registrations > the registration of this server > API permissions > Grant admin consent (`az ad app permission admin-consent --id <applicationId>`), or `consentUrl` of the downstream.',
      exchange:
        'Entra: the token has to be for the registration that asks: `client.id` is its Application (client) ID (`az ad app show --id <applicationId>`).',
      scope:
        'Entra: App registrations > the registration of this server > API permissions > Grant admin consent (`az ad app permission admin-consent --id <applicationId>`).',
      target:
        'Entra: App registrations > the registration of this server > API permissions > Add a permission (`az ad app permission add --id <applicationId> --api <API> --api-permissions <id>=Scope`).',
      userScope:
        'Entra: App registrations > the registration of this server > Expose an API > Add a client application, or API permissions of the registration of the client.',
    },
  },
  {
    issuer: /\.okta(preview|-emea)?\.com|oktapreview/,
    dialects: ['okta'],
    screens: {
      audience: 'Okta: Security > API > Authorization Servers > the server > Settings > Audience.',
      client:
        'Okta: Applications > Applications > the application of this server: it is active, and General > Client Credentials has its secret or key.',
      consent:
        'Okta: Security > API > Authorization Servers > the server of the API > Scopes > the scope > User consent: Implicit.',
      exchange:
        'Okta: Applications > Applications > the application of this server > General > General Settings > Grant type > Token Exchange.',
      scope:
        'Okta: Security > API > Authorization Servers > the server of the API > Scopes > Add Scope, and Access Policies > the rule for this client > Scopes requested.',
      target:
        'Okta: Security > API > Authorization Servers > the server of the API. On Access Policies, a policy names this client, and one of its rules has the grant Token Exchange and the scopes. On Settings > Trusted servers is the server that issued the token. `audience` is its Audience.',
      userScope:
        'Okta: Security > API > Authorization Servers > the server > Scopes, and Access Policies > the rule for the client of the user > Scopes requested.',
    },
  },
  {
    issuer: /\.auth0\.com/,
    dialects: ['auth0', 'auth0TokenVault'],
    screens: {
      audience: 'Auth0: Applications > APIs > the API of this server: its Identifier is the URL of this server.',
      client: 'Auth0: Applications > Applications > the application of this server > Credentials.',
      consent: 'Auth0: Applications > APIs > the API > Settings > Allow Skipping User Consent is on.',
      exchange:
        'Auth0: Applications > Applications > the Custom API Client of this server > Token Exchange > On-Behalf-Of Token Exchange is on. Other grants are in Advanced Settings > Grant Types.',
      scope:
        'Auth0: Applications > APIs > the API > Permissions, and Applications > Applications > the application of this server > API Access > Edit > User-Delegated Access.',
      target:
        'Auth0: Applications > APIs: an API has `audience` as its Identifier. Applications > Applications > the application of this server > API Access > Edit > User-Delegated Access > Grant Access (`POST /api/v2/client-grants` with `subject_type: "user"`). Access without a user is granted there, too.',
      userScope:
        'Auth0: Applications > APIs > the API of this server > Permissions. With RBAC, the user has the permission by a role: User Management > Roles.',
    },
  },
  {
    issuer: /^https:\/\/cognito-idp\./,
    screens: {
      audience:
        'Cognito: tokens have an `aud` only if the client sent `resource`. Otherwise name the app client in `clients` of the preset.',
      client:
        'Cognito: User pools > the pool > App clients > the app client of this server (`aws cognito-idp describe-user-pool-client`).',
      consent: `Cognito ${NO_EXCHANGE}`,
      exchange: `Cognito ${NO_EXCHANGE}`,
      scope:
        'Cognito: User pools > the pool > App clients > the app client of this server > Login pages > Edit > Custom scopes (`aws cognito-idp update-user-pool-client --allowed-o-auth-scopes`).',
      target:
        'Cognito: User pools > the pool > Domain > Resource servers: the API with its custom scopes (`aws cognito-idp create-resource-server`).',
      userScope:
        'Cognito: User pools > the pool > App clients > the app client of the user > Login pages > Edit > Custom scopes (`aws cognito-idp update-user-pool-client --allowed-o-auth-scopes`).',
    },
  },
  {
    issuer: /\/adfs(\/services\/trust)?$/,
    screens: {
      audience:
        'AD FS: AD FS Management > Application Groups > the group > the Web API of this server > Identifiers (`Set-AdfsWebApiApplication -Identifier`).',
      client:
        'AD FS: AD FS Management > Application Groups > the group > the server application of this server (`Get-AdfsServerApplication`; `Set-AdfsServerApplication -ResetClientSecret` makes a new secret).',
      consent: 'AD FS: asks no user for consent. Look at Client Permissions of the Web API of the API.',
      exchange:
        'AD FS: the identifier of the Web API of this server has to be the client identifier of its server application, and Client Permissions of the Web API of the API has to permit it (`Grant-AdfsApplicationPermission`).',
      scope:
        'AD FS: AD FS Management > Service > Scope Descriptions, and Client Permissions of the Web API of the API > Permitted scopes (`Grant-AdfsApplicationPermission -ScopeNames`).',
      target:
        'AD FS: AD FS Management > Application Groups > the Web API of the API: `resource` is one of its Identifiers, and Client Permissions has the client of this server (`Grant-AdfsApplicationPermission`).',
      userScope:
        'AD FS: AD FS Management > Application Groups > the Web API of this server > Client Permissions > Permitted scopes (`Grant-AdfsApplicationPermission -ScopeNames`).',
    },
  },
  {
    issuer: /\.authentication\.[^/]*(hana\.ondemand|sap\.hana)|\.hana\.ondemand\.com\/oauth\/token$/,
    screens: {
      audience:
        'XSUAA: the token has `xsappname` in `aud` when the user has a scope of the application: BTP cockpit > Security > Role Collections > the role collection > Users.',
      client: 'XSUAA: the credentials are those of the binding or the service key (`cf service-key <instance> <key>`).',
      consent: 'XSUAA: asks no user for consent. Look at the role collections of the user.',
      exchange:
        'XSUAA: `oauth2-configuration.grant-types` in xs-security.json has urn:ietf:params:oauth:grant-type:jwt-bearer (`cf update-service <instance> -c xs-security.json`).',
      scope:
        'XSUAA: `foreign-scope-references` in xs-security.json of this server, and `granted-apps` at the scope in that of the API (`cf update-service <instance> -c xs-security.json`).',
      target:
        'XSUAA: the scope of the API has this server in `granted-apps` of its xs-security.json, and the user has a role with it: BTP cockpit > Security > Role Collections.',
      userScope: 'XSUAA: BTP cockpit > Security > Role Collections > a collection with the scope > Users.',
    },
  },
  {
    issuer: /\/application\/o\/[^/]+\/?$/,
    screens: {
      audience:
        'authentik: Applications > Providers > the provider: its Client ID is in `aud`. Another value comes from a Scope Mapping (Customization > Property Mappings).',
      client: 'authentik: Applications > Providers > the provider of this server > Edit > Client ID and Client Secret.',
      consent:
        'authentik: Applications > Providers > the provider of the API > Edit > Authorization flow: one with implicit consent.',
      exchange:
        'authentik: Applications > Providers > the provider of this server > Edit > Grant Types > Token exchange, and Machine-to-Machine authentication settings > Federated OAuth2/OpenID Providers has the provider that issued the token.',
      scope:
        'authentik: Customization > Property Mappings > Scope Mapping, and Applications > Providers > the provider of the API > Edit > Advanced protocol settings > Scopes.',
      target:
        'authentik: Applications > Providers > the provider of the API > Edit > Federated OAuth2/OpenID Providers has the provider of this server, and the provider of the API has an application. `audience` is its Client ID; `resource` is refused.',
      userScope:
        'authentik: Applications > Providers > the provider > Edit > Advanced protocol settings > Scopes: the mapping of the scope is selected.',
    },
  },
  {
    issuer: /zitadel/,
    screens: {
      audience:
        'ZITADEL: Projects > the project: clients of other projects ask for the scope `urn:zitadel:iam:org:project:id:<projectId>:aud`.',
      client:
        'ZITADEL: Projects > the project > the application of this server > Configuration, and its client secret.',
      consent: 'ZITADEL: asks no user for consent. Look at the authorizations of the user.',
      exchange:
        'ZITADEL: Projects > the project > the application of this server > Configuration > Grant Types > Token Exchange.',
      scope: 'ZITADEL: Projects > the project > Roles, and Authorizations of the user.',
      target:
        'ZITADEL: `audience` has to be one that the token already has: the client of the user asks for `urn:zitadel:iam:org:project:id:<projectId>:aud` of the API, too.',
      userScope: 'ZITADEL: Projects > the project > Roles, and Authorizations of the user.',
    },
  },
  {
    issuer: /ping(one|identity|federate)|\/as$/,
    screens: {
      audience:
        'PingOne: Applications > Resources > the resource of this server > Overview > Audience. PingFederate: Applications > OAuth > Access Token Management > the manager > Audience Claim Value.',
      client:
        'PingOne: Applications > Applications > the application of this server: it is enabled, and Overview has its secret. PingFederate: Applications > OAuth > Clients.',
      consent:
        'PingOne and PingFederate ask for consent at the sign-in: the client of the user asks for the scopes of the API, too.',
      exchange:
        'PingOne: Applications > Applications > the application of this server > Configuration > Grant Type > Token exchange. PingFederate: Applications > OAuth > Clients > the client > Allowed Grant Types > Token Exchange, with a Processor Policy.',
      scope:
        'PingOne: Applications > Applications > the application of this server > Resources > the scopes of the API. PingFederate: System > OAuth Settings > Scope Management, and the scopes of the client.',
      target:
        'PingOne: Applications > Resources: the API with its Audience, and the application of this server has its scopes. PingFederate: Applications > Token Exchange > Processor Policies takes access tokens, and `resource` is a Resource URI of an access token manager.',
      userScope:
        'PingOne: Applications > Applications > the application of the client > Resources > the scopes of this server. PingFederate: Applications > OAuth > Clients > the client > its scopes.',
    },
  },
];

const ELSEWHERE: Screens = {
  audience: 'At the provider: have it write the URL of this server into `aud` of access tokens.',
  client: 'At the provider: compare the id, the secret or the key of this client, and whether it is enabled.',
  consent:
    'At the provider: consent for all users, or none that is needed for this client; or `consentUrl` of the downstream.',
  exchange: 'At the provider: allow this client the grant of the dialect.',
  scope: 'At the provider: allow this client to ask for the scope.',
  target:
    'At the provider: the API has to exist under that name, and this client has to be allowed to exchange for it.',
  userScope: 'At the provider: allow the client of the user to ask for the scope.',
};

/**
 * The screen, or the command, of a provider.
 *
 * @param issuer - identifier of its issuer
 * @param dialect - name of the dialect by which a token was asked for
 */
export function nameScreen(issuer: string, topic: Topic, dialect?: string): string {
  const provider =
    PROVIDERS.find(({ dialects = [] }) => dialect !== undefined && dialects.includes(dialect)) ??
    PROVIDERS.find((one) => one.issuer.test(issuer));
  return (provider?.screens ?? ELSEWHERE)[topic];
}
