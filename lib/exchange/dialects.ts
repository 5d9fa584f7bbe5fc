import { auth0TokenVault } from './dialects/auth0-token-vault.js';
import { auth0 } from './dialects/auth0.js';
import { clientCredentials } from './dialects/client-credentials.js';
import { entraOnBehalfOf } from './dialects/entra-on-behalf-of.js';
import { identityAssertion } from './dialects/identity-assertion.js';
import { jwtBearer } from './dialects/jwt-bearer.js';
import { keycloak } from './dialects/keycloak.js';
import { none } from './dialects/none.js';
import { okta } from './dialects/okta.js';
import { rfc8693 } from './dialects/rfc8693.js';

/** How providers spell the exchange: values for `dialect` of a downstream. */
export const dialects = {
  rfc8693,
  keycloak,
  entraOnBehalfOf,
  okta,
  auth0,
  auth0TokenVault,
  identityAssertion,
  jwtBearer,
  clientCredentials,
  none,
} as const;
