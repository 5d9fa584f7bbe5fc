import { auth0TokenVault } from './auth0-token-vault.js';
import { auth0 } from './auth0.js';
import { clientCredentials } from './client-credentials.js';
import { entraOnBehalfOf } from './entra-on-behalf-of.js';
import { identityAssertion } from './identity-assertion.js';
import { jwtBearer } from './jwt-bearer.js';
import { keycloak } from './keycloak.js';
import { none } from './none.js';
import { okta } from './okta.js';
import { rfc8693 } from './rfc8693.js';

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
