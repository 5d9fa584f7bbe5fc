/** Presets of identity providers, with their options. Each returns an entry of `issuers`. */
export { auth0, type Auth0Options } from './auth0.js';
export { entra, type EntraOptions } from './entra.js';
export { keycloak, type KeycloakOptions } from './keycloak.js';
export { okta, type OktaOptions } from './okta.js';
export { ping, type PingOptions } from './ping.js';
export type { PresetOverrides } from './preset.js';
