/** Presets of identity providers, with their options. Each returns an entry of `issuers`. */
export { adfs, type AdfsOptions } from './adfs.js';
export { auth0, type Auth0Options } from './auth0.js';
export { authentik, type AuthentikOptions } from './authentik.js';
export { cognito, type CognitoOptions } from './cognito.js';
export { entra, type EntraOptions } from './entra.js';
export { keycloak, type KeycloakOptions } from './keycloak.js';
export { okta, type OktaOptions } from './okta.js';
export { ping, type PingOptions } from './ping.js';
export { xsuaa, type XsuaaOptions } from './xsuaa.js';
export { zitadel, type ZitadelOptions } from './zitadel.js';
export type { PresetOverrides } from './preset.js';
