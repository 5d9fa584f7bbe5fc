import { Injectable } from '@nestjs/common';
import { clientSecretBasic, DownstreamClient, McpTool } from 'nestjs-mcp-auth';
import {
  startDownstreamServer,
  type DownstreamChanges,
  type DownstreamServer,
} from '../downstream/downstream-server.js';
import { json, type TestIssuer } from '../support/test-issuer.js';

@Injectable()
class Tools {
  constructor(private readonly downstream: DownstreamClient) {}

  @McpTool({ description: 'x', downstream: 'orders' })
  order() {
    return this.downstream.json('/orders');
  }
}

export const ACCESS_TOKEN = 'urn:ietf:params:oauth:token-type:access_token';
export const EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange';
export const JWT_BEARER = 'urn:ietf:params:oauth:grant-type:jwt-bearer';

/** Servers of one test, closed together. */
export class DialectServers {
  readonly #servers: DownstreamServer[] = [];

  /** A server whose tool `order` calls the downstream `orders`, which has these options. */
  async start(orders: DownstreamChanges): Promise<DownstreamServer> {
    const server = await startDownstreamServer({
      providers: [Tools],
      client: { id: 'mcp', authentication: clientSecretBasic('s3cret') },
      orders: { scopes: [], ...orders },
    });
    this.#servers.push(server);
    return server;
  }

  async close(): Promise<void> {
    await Promise.all(this.#servers.splice(0).map((server) => server.close()));
  }
}

/** Answers like an authorization server, and keeps what it was asked. */
export function answering(
  issuer: TestIssuer,
  change: (form: URLSearchParams) => object | Promise<object> = () => ({}),
): [string, string][][] {
  const forms: [string, string][][] = [];
  issuer.answers.set('/token', async (_request, response, body) => {
    forms.push([...body]);
    const access_token = await issuer.token({ aud: 'orders-api', sub: 'alice' });
    json(response, 200, {
      access_token,
      token_type: 'Bearer',
      expires_in: 300,
      issued_token_type: ACCESS_TOKEN,
      ...(await change(body)),
    });
  });
  return forms;
}
