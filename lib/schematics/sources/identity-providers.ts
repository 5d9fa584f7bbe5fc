import { hostedProviders } from './hosted-providers.js';
import type { IdentityProvider } from './identity-provider.js';
import { ownProviders } from './own-providers.js';

/** Names of the identity providers, as the option `provider` has them. */
export const PROVIDER_NAMES = [
  'keycloak',
  'entra',
  'okta',
  'auth0',
  'ping',
  'cognito',
  'authentik',
  'zitadel',
  'spring',
  'adfs',
  'xsuaa',
  'other',
] as const;

/** Name of an identity provider. */
export type ProviderName = (typeof PROVIDER_NAMES)[number];

/** What is written for each identity provider. */
export const identityProviders: Readonly<Record<ProviderName, IdentityProvider>> = {
  ...hostedProviders,
  ...ownProviders,
};
