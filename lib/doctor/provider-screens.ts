/** What an operator looks for at a provider. */
export type Topic = 'audience' | 'client' | 'exchange' | 'scope' | 'target';

type Screens = Readonly<Record<Topic, string>>;

/** Providers by the identifiers of their issuers, and where each keeps what the doctor asks for. */
const PROVIDERS: readonly (readonly [issuer: RegExp, screens: Screens])[] = [
  [
    /\/realms\/[^/]+$/,
    {
      audience:
        'Keycloak: Client scopes > the scope of the tool > Mappers > Add mapper > Audience, with the URL of this server (`kcadm.sh create client-scopes/<id>/protocol-mappers/models`).',
      client:
        'Keycloak: Clients > the client of this server: Enabled is on, Client authentication is on, and Credentials has the secret (`kcadm.sh get clients/<id>/client-secret`).',
      exchange:
        'Keycloak: Clients > the client of this server > Settings > Capability config > Standard Token Exchange (`kcadm.sh update clients/<id> -s \'attributes."standard.token.exchange.enabled"=true\'`).',
      scope:
        'Keycloak: Clients > the client of this server > Client scopes > Add client scope (`kcadm.sh update clients/<id>/optional-client-scopes/<scope id>`).',
      target:
        'Keycloak: the token that comes in needs the client of this server in `aud`, and a client scope of this server needs an audience mapper for the client of the API: Client scopes > the scope > Mappers > Audience.',
    },
  ],
  [
    /microsoftonline|sts\.windows\.net|ciamlogin/,
    {
      audience: 'Entra: App registrations > Expose an API > Application ID URI (`az ad app update --identifier-uris`).',
      client: 'Entra: App registrations > Certificates & secrets (`az ad app credential list`).',
      exchange: 'Entra: the token has to be for this very application, whose id is `client.id` (`az ad app show`).',
      scope: 'Entra: App registrations > API permissions > Grant admin consent (`az ad app permission admin-consent`).',
      target: 'Entra: App registrations > API permissions of this server need the API (`az ad app permission add`).',
    },
  ],
  [
    /\.okta(preview|-emea)?\.com|oktapreview/,
    {
      audience: 'Okta: Security > API > Authorization servers > Settings > Audience.',
      client: 'Okta: Applications > the client of this server > General > Client Credentials.',
      exchange: 'Okta: Applications > General > Grant type > Token Exchange, and in the Access Policies of the server.',
      scope: 'Okta: Security > API > Authorization servers > Scopes, and Access Policies > the rule of the client.',
      target: 'Okta: Security > API > the server of the API > Trusted servers, and its audience.',
    },
  ],
  [
    /\.auth0\.com/,
    {
      audience: 'Auth0: Applications > APIs > Identifier, which has to be the URL of this server.',
      client: 'Auth0: Applications > the application of this server > Credentials.',
      exchange: 'Auth0: Applications > the application > Advanced Settings > Grant Types > Token Exchange.',
      scope: 'Auth0: Applications > APIs > Permissions, and the application under Machine to Machine / API Access.',
      target: 'Auth0: Applications > APIs: the API has to exist, and the application needs access to it.',
    },
  ],
  [
    /ping(one|identity|federate)|\/as$/,
    {
      audience: 'Ping: Applications > Resources > Audience; PingFederate: Access Token Management > Audience Claim.',
      client: 'Ping: Applications > the application > Configuration; PingFederate: OAuth > Clients.',
      exchange: 'Ping: Grant Type > Token Exchange; PingFederate: Token Exchange > Processor Policies.',
      scope: 'Ping: Applications > the application > Resources; PingFederate: OAuth > Scope Management.',
      target: 'Ping: Applications > Resources; PingFederate: Token Exchange > Generator mappings of the client.',
    },
  ],
];

const ELSEWHERE: Screens = {
  audience: 'At the provider: have it write the URL of this server into `aud`.',
  client: 'At the provider: compare the id, the secret or the key of this client, and whether it is enabled.',
  exchange: 'At the provider: allow this client the grant of the dialect.',
  scope: 'At the provider: allow this client to ask for the scope.',
  target:
    'At the provider: the API has to exist under that name, and this client has to be allowed to exchange for it.',
};

/** The screen, or the command, of a provider. */
export function nameScreen(issuer: string, topic: Topic): string {
  return (PROVIDERS.find(([pattern]) => pattern.test(issuer))?.[1] ?? ELSEWHERE)[topic];
}
