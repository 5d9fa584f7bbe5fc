/**
 * Tools for the tests of an application: an issuer, callers and downstreams that speak real HTTP, and matchers for
 * jest and vitest.
 *
 * @packageDocumentation
 */
export { TestIssuer } from './test-issuer.js';
export type { TestAnswer, TestExchangeFailure, TestIssuerOptions } from './test-issuer-options.js';
export type { TestClientAuthentication, TestExchangeRequest } from './exchange-request.js';
export type { TestKey } from './test-key.js';
export type { TestTokenClaims } from './test-token.js';
export { TestClient } from './test-client.js';
export { TestCaller, type TestClientOptions } from './test-caller.js';
export { ToolCallError, type ToolCall } from './tool-call.js';
export type { ToolClass, ToolInput, ToolMethod, ToolValue } from './tool-reference.js';
export { ChallengeError } from './challenge-error.js';
export type { TestChallenge } from './authenticate-header.js';
export {
  TestDownstream,
  type TestDownstreamAnswer,
  type TestDownstreamOptions,
  type TestDownstreamRequest,
} from './test-downstream.js';
export { matchers, type CallMatchers, type RecordMatchers } from './matchers.js';
export type { ExpectedExchange, ExpectedRequest } from './record-matchers.js';
export type { MatcherContext, MatcherResult } from './matcher.js';
