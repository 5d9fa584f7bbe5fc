/**
 * Building blocks of a custom dialect, and the existing dialects. Applications use `dialects` of `nestjs-mcp-auth`.
 *
 * @packageDocumentation
 */
export * from './on-behalf-of/dialects/dialects.js';
export type {
  ExchangedToken,
  ExchangeRequest,
  ExchangeTarget,
  ForeignAuthorizationServer,
  FormParameters,
  TokenEndpoint,
  TokenEndpointAnswer,
  TokenEndpointOptions,
} from './on-behalf-of/dialects/dialect.js';
export { toExchangedToken } from './on-behalf-of/dialects/exchanged-token.js';
export { TokenEndpointError, type TokenEndpointFailure } from './errors/token-endpoint-error.js';
