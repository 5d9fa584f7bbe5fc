import { expect, test } from '@jest/globals';
import { Test } from '@nestjs/testing';
import { clientSecretBasic, errors, McpAuthModule, type DownstreamOptions } from 'nestjs-mcp-auth';
import type { ExchangeDialect } from 'nestjs-mcp-auth/dialects';
import {
  startDownstreamServer,
  type DownstreamChanges,
  type DownstreamServer,
} from '../downstream/downstream-server.js';
import { optionsFor } from '../support/module-options.js';
import { callTool, post, toolCall, type ToolResult } from '../support/mcp-request.js';
import { OrderTools } from '../support/order-tools.js';
import type { Platform } from '../support/test-application.js';
import { RecordingLogger } from '../support/recording-logger.js';
import { sendJson, type TestIssuer } from '../support/test-issuer.js';

export const ACCESS_TOKEN = 'urn:ietf:params:oauth:token-type:access_token';
export const JWT = 'urn:ietf:params:oauth:token-type:jwt';
export const EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange';
export const JWT_BEARER = 'urn:ietf:params:oauth:grant-type:jwt-bearer';

const client = { id: 'mcp', authentication: clientSecretBasic('s3cret') };

/** Servers of one test, closed together. */
export class DialectServers {
  readonly #servers: DownstreamServer[] = [];

  /** A server whose tool `order` calls the downstream `orders`, which has these options. */
  async start(orders: DownstreamChanges, platform: Platform = 'express'): Promise<DownstreamServer> {
    const server = await startDownstreamServer({
      platform,
      providers: [OrderTools],
      client,
      orders: { scopes: [], ...orders },
    });
    this.#servers.push(server);
    return server;
  }

  async close(): Promise<void> {
    await Promise.all(this.#servers.splice(0).map((server) => server.close()));
  }
}

/** Calls the tool with a token of its own, which no cache knows. */
export async function order(server: DownstreamServer, claims: Record<string, unknown> = {}): Promise<ToolResult> {
  return await callTool(server.resource, await server.token(claims), 'order');
}

/** Calls it and looks at nothing: what a client is told of a failure is tested elsewhere. */
export async function attempt(server: DownstreamServer, claims: Record<string, unknown> = {}): Promise<void> {
  const token = await server.token(claims);
  await (await post(server.resource, toolCall('order'), { token })).body?.cancel();
}

/** Answers like an authorization server, and keeps what it was asked, in the order of names. */
export function answering(
  issuer: TestIssuer,
  change: (form: URLSearchParams) => object | Promise<object> = () => ({}),
  path = '/token',
): [string, string][][] {
  const forms: [string, string][][] = [];
  issuer.answers.set(path, async (_request, response, body) => {
    forms.push([...body].sort());
    const access_token = await issuer.token({ aud: 'orders-api', sub: 'alice' });
    sendJson(response, 200, {
      access_token,
      token_type: 'Bearer',
      expires_in: 300,
      issued_token_type: ACCESS_TOKEN,
      ...(await change(body)),
    });
  });
  return forms;
}

/** A form, every parameter of it, in the order of names. */
export function form(parameters: Record<string, string | readonly string[]>): [string, string][] {
  const all = Object.entries(parameters).flatMap(([name, value]) =>
    [value].flat().map((one): [string, string] => [name, one]),
  );
  return all.sort();
}

/** Refuses all. */
export function refusing(
  issuer: TestIssuer,
  status: number,
  body: object,
  headers: Record<string, string> = {},
  path = '/token',
): void {
  issuer.answers.set(path, (_request, response) => {
    for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
    sendJson(response, status, body);
  });
}

/** What a provider is documented to answer, and what a dialect makes of it. */
export type Refusal = [
  name: string,
  status: number,
  body: object,
  failure: errors.TokenEndpointFailure,
  headers?: Record<string, string>,
];

/** Tests that each refusal becomes the failure that it is documented to be. */
export function testRefusals(server: () => DownstreamServer, watched: Watched, refusals: readonly Refusal[]): void {
  test.each(refusals)('%s', async (_name, status, body, failure, headers = {}) => {
    refusing(server().issuer, status, body, headers);
    await attempt(server());
    expect(watched.failure).toEqual(failure);
  });
}

/** A dialect whose failures can be seen. */
export class Watched {
  readonly failures: unknown[] = [];
  readonly dialect: ExchangeDialect;

  constructor(inner: ExchangeDialect) {
    this.dialect = {
      ...inner,
      exchange: async (request) => {
        try {
          return await inner.exchange(request);
        } catch (error) {
          this.failures.push(error);
          throw error;
        }
      },
    };
  }

  /** What the last of the token endpoint's answers said. */
  get failure(): errors.TokenEndpointFailure {
    const error = this.failures.at(-1);
    if (error instanceof errors.TokenEndpointError)
      return JSON.parse(JSON.stringify(error.failure)) as errors.TokenEndpointFailure;
    throw new Error(`No failure of the token endpoint: ${String(error)}`);
  }
}

/** What stops the boot of a server with such a downstream. */
export async function bootProblems(orders: DownstreamChanges): Promise<readonly string[]> {
  const downstream = { baseUrl: 'https://orders.example', ...orders } as DownstreamOptions;
  const options = optionsFor('https://mcp.example', 'https://id.example', {
    client,
    downstreams: { orders: downstream },
  });
  try {
    await Test.createTestingModule({ imports: [McpAuthModule.forRoot(options)] })
      .setLogger(new RecordingLogger())
      .compile();
    return [];
  } catch (error) {
    if (error instanceof errors.McpAuthConfigurationError) return error.problems;
    throw error;
  }
}
