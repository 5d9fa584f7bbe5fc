/** How each provider expects the exchange: values for `dialect` of a downstream, with their options. */
export { adfsOnBehalfOf } from './adfs-on-behalf-of.js';
export type { ActorToken } from './actor-token.js';
export { auth0TokenVault, type Auth0TokenVaultOptions } from './auth0-token-vault.js';
export { auth0 } from './auth0.js';
export { clientCredentials, type ClientCredentialsOptions } from './client-credentials.js';
export type { ExchangeDialect } from './dialect.js';
export { entraOnBehalfOf, type EntraOnBehalfOfOptions } from './entra-on-behalf-of.js';
export { identityAssertion, type IdentityAssertionOptions } from './identity-assertion.js';
export { jwtBearer, type JwtBearerOptions } from './jwt-bearer.js';
export { keycloak, type KeycloakDialectOptions } from './keycloak.js';
export { none } from './none.js';
export { okta } from './okta.js';
export { rfc8693, type Rfc8693Options } from './rfc8693.js';
export { xsuaa } from './xsuaa.js';
