import { tokenClaims } from '../authorization-server/token-events.js';
import { tokenExchangeGrant } from '../authorization-server/token-exchange.js';
import type { Quickstart } from '../quickstart.js';
import type { EventLog } from './event-log.js';
import type { Exchange } from './http-trace.js';
import { authorizationNeeded, type McpClient } from './mcp-client.js';
import { StepPrinter } from './step-printer.js';

const orderId = '1001';

/**
 * From a request without a token to an answer from the orders API, each step printed when it is done.
 *
 * @param tool - name of the tool that finds an order
 */
export async function walkTenSteps(
  { issuer, mcpUrl }: Quickstart,
  client: McpClient,
  log: EventLog,
  print: (line: string) => void,
  tool: string,
): Promise<void> {
  const printer = new StepPrinter(print);
  const step = printer.step.bind(printer);
  const { trace } = client;
  const toMcpServer = ({ url }: Exchange) => url.href === mcpUrl;
  const forServerMetadata = ({ url }: Exchange) => url.href.startsWith(`${issuer}/.well-known/`);
  const forRegistration = ({ url }: Exchange) => url.href === client.serverMetadata.registration_endpoint;
  let authorizationResponse = new URL(issuer);
  let answer = '';

  await step('client', 'mcp server', 'POST /mcp without a token', 401, async () => {
    await authorizationNeeded(client.connect());
    return trace.last('request to the MCP server', toMcpServer);
  });
  await step('mcp server', 'client', 'WWW-Authenticate, resource metadata', 200, () => {
    const challenge = trace.last('request to the MCP server', toMcpServer).headers.get('www-authenticate') ?? '';
    const { url, status } = trace.last('request for the resource metadata', (exchange) =>
      challenge.includes(`resource_metadata="${exchange.url.href}"`),
    );
    return { status, detail: url.pathname };
  });
  await step('client', 'authorization server', 'discovery', 200, () => {
    const { url, status } = trace.last('request for server metadata', forServerMetadata);
    return { status, detail: url.pathname };
  });
  await step('authorization server', 'client', 'server metadata', 200, () => {
    const { status } = trace.last('request for server metadata', forServerMetadata);
    return { status, detail: `issuer ${client.serverMetadata.issuer}` };
  });
  await step('client', 'authorization server', 'registration, authorization request', 201, async () => {
    const { status } = trace.last('registration', forRegistration);
    authorizationResponse = await client.signIn();
    return { status, detail: `${client.username} signed in and approved` };
  });
  await step('authorization server', 'client', 'access token', 200, async () => {
    await client.redeemCode(authorizationResponse);
    return log.lastToken('authorization_code');
  });
  await step('client', 'mcp server', `tools/call ${tool}`, 200, async () => {
    await client.connect();
    answer = await client.callTool(tool, { id: orderId });
    const { status } = trace.last('request to the MCP server', toMcpServer);
    return { status, claims: tokenClaims(client.accessToken) };
  });
  await step('mcp server', 'authorization server', 'token exchange', 200, () => {
    const { status, clientId } = log.lastToken(tokenExchangeGrant);
    return { status, detail: `by ${clientId}` };
  });
  await step('authorization server', 'mcp server', 'exchanged access token', 200, () =>
    log.lastToken(tokenExchangeGrant),
  );
  await step('mcp server', 'orders api', `GET /orders/${orderId}`, 200, () => {
    const { method, path, status, claims } = log.lastRequest();
    if (`${method} ${path}` !== `GET /orders/${orderId}`) throw new Error(`the last request was ${method} ${path}`);
    if (!answer.includes(`"owner":"${client.username}"`)) throw new Error(`the tool answered ${answer}`);
    return { status, claims, detail: `the tool answers ${answer}` };
  });
}
