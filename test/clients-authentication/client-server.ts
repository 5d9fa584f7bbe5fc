import { type ClientAuthentication } from 'nestjs-mcp-auth';
import { startDownstreamServer, type DownstreamServer } from '../downstream/downstream-server.js';
import { callTool, type ToolResult } from '../support/mcp-request.js';
import { OrderTools } from '../support/order-tools.js';
import { sendJson } from '../support/test-issuer.js';

interface TokenRequest {
  readonly authorization: string | undefined;
  readonly form: Readonly<Record<string, string>>;
}

export interface ClientServer extends DownstreamServer {
  /** What the token endpoint was sent, in order. */
  readonly requests: readonly TokenRequest[];
  readonly last: TokenRequest;
  /** Calls the tool with a token of its own, so that it is exchanged. */
  call(): Promise<ToolResult>;
}

/** A server that proves at its issuer who it is in a certain way. */
export async function startClientServer(authentication: ClientAuthentication): Promise<ClientServer> {
  const client = { id: 'mcp', authentication };
  const server = await startDownstreamServer({ providers: [OrderTools], client });
  const requests: TokenRequest[] = [];
  server.issuer.answers.set('/token', async (request, response, body) => {
    requests.push({ authorization: request.headers.authorization, form: Object.fromEntries(body) });
    sendJson(response, 200, {
      access_token: await server.issuer.token({ aud: 'orders-api' }),
      token_type: 'Bearer',
      expires_in: 300,
      issued_token_type: 'urn:ietf:params:oauth:token-type:access_token',
    });
  });
  return {
    ...server,
    requests,
    get last() {
      const request = requests.at(-1);
      if (!request) throw new Error('Nothing was sent');
      return request;
    },
    call: async () => await callTool(server.resource, await server.token(), 'order'),
  };
}
