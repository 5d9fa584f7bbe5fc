/** Presets of identity providers: values for an entry of `issuers`, and the options that each takes. */
export { auth0, type Auth0Options } from './auth0.js';
export { entra, type EntraOptions } from './entra.js';
export { keycloak, type KeycloakOptions } from './keycloak.js';
export { okta, type OktaOptions } from './okta.js';
export { ping, type PingOptions } from './ping.js';
export type { PresetOverrides } from './preset.js';
