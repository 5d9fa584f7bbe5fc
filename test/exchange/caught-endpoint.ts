import { errors, type ClientAuthentication, type McpAuthModuleOptions } from 'nestjs-mcp-auth';
import type { ExchangeDialect, ForeignAuthorizationServer, TokenEndpoint } from 'nestjs-mcp-auth/dialects';
import { startDownstreamServer, type DownstreamServer } from '../downstream/downstream-server.js';
import { OrderTools } from '../support/order-tools.js';
import type { Platform } from '../support/test-application.js';
import { TestIssuer } from '../support/test-issuer.js';
import { attempt } from './dialect-server.js';

export interface CaughtEndpoint extends DownstreamServer {
  /** Calls the tool once more, with claims of its own, and catches the token endpoint that its dialect was given. */
  caught(claims?: Record<string, unknown>): Promise<TokenEndpoint>;
  /** That of a caller of the issuer. */
  readonly endpoint: TokenEndpoint;
}

/** A server whose token endpoint, as dialects are given it, is in the hands of the test. */
export async function catchTokenEndpoint(
  authentication?: ClientAuthentication,
  options: Partial<McpAuthModuleOptions> = {},
  platform: Platform = 'express',
): Promise<CaughtEndpoint> {
  const given: TokenEndpoint[] = [];
  const dialect: ExchangeDialect = {
    name: 'caught',
    subject: 'caller',
    grantTypes: ['test'],
    exchange: ({ tokenEndpoint }) => {
      given.push(tokenEndpoint);
      return Promise.reject(new Error('caught'));
    },
  };
  const server = await startDownstreamServer({
    platform,
    providers: [OrderTools],
    ...(authentication && { client: { id: 'mcp', authentication } }),
    orders: { dialect },
    options,
  });
  const caught = async (claims = {}) => {
    await attempt(server, claims);
    const endpoint = given.pop();
    if (!endpoint) throw new Error('The dialect was not asked');
    return endpoint;
  };
  return { ...server, caught, endpoint: await caught() };
}

export interface Partner extends ForeignAuthorizationServer {
  readonly server: TestIssuer;
}

/** An authorization server besides the issuer's. */
export async function startPartner(authentication: ClientAuthentication): Promise<Partner> {
  const server = await TestIssuer.start();
  return { server, issuer: server.issuer, client: { id: 'mcp-at-partner', authentication } };
}

/** Why there was no token. */
export async function failureOf(
  answer: Promise<unknown>,
): Promise<{ readonly failure: errors.TokenEndpointFailure; readonly message: string }> {
  try {
    await answer;
  } catch (error) {
    if (!(error instanceof errors.TokenEndpointError)) throw error;
    const failure = JSON.parse(JSON.stringify(error.failure)) as errors.TokenEndpointFailure;
    return { failure, message: error.message };
  }
  throw new Error('There was a token');
}
