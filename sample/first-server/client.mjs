// An MCP client for the command line, made with the official SDK. It lets its user sign in, and calls one tool:
//
//     node client.mjs http://localhost:3000/mcp find_order '{"id":"1001"}'
//
// What it knows of its user stays in `.mcp-client.json`. Delete that file to begin anew.
import { randomUUID } from 'node:crypto';
import { on, once } from 'node:events';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { Client, StreamableHTTPClientTransport, UnauthorizedError } from '@modelcontextprotocol/client';

const STORE = '.mcp-client.json';
const [address = 'http://localhost:3000/mcp', tool = 'find_order', input = '{}'] = process.argv.slice(2);

/** What is remembered from one run to the next. */
const stored = existsSync(STORE) ? JSON.parse(readFileSync(STORE, 'utf8')) : {};

function remember(changes) {
  Object.assign(stored, changes);
  writeFileSync(STORE, JSON.stringify(stored, undefined, 2), { mode: 0o600 });
}

/** Where the browser comes back to: a port of this machine that is free (RFC 8252 section 7.3). */
const callback = createServer().listen(0, '127.0.0.1');
await once(callback, 'listening');

const state = randomUUID();

/** What the SDK asks of an application: where its user goes, and what it remembers. */
const authProvider = {
  redirectUrl: `http://127.0.0.1:${callback.address().port}/callback`,
  clientMetadata: {
    redirect_uris: ['http://127.0.0.1/callback'],
    grant_types: ['authorization_code'],
    token_endpoint_auth_method: 'none',
  },
  state: () => state,
  clientInformation: () => ({ client_id: 'assistant' }), // as it is registered in the realm
  tokens: () => stored.tokens,
  saveTokens: (tokens) => remember({ tokens }),
  codeVerifier: () => stored.verifier,
  saveCodeVerifier: (verifier) => remember({ verifier }),
  discoveryState: () => stored.discovery,
  saveDiscoveryState: (discovery) => remember({ discovery }),
  redirectToAuthorization(url) {
    console.log(`Scopes to consent to: ${url.searchParams.get('scope')}`);
    console.log(`Open this address in a browser:\n\n${url.href}\n`);
  },
};

/** Waits for the browser to come back from the sign-in. */
async function signIn() {
  for await (const [request, response] of on(callback, 'request')) {
    const { pathname, searchParams } = new URL(request.url, authProvider.redirectUrl);
    const isExpected = pathname === '/callback' && searchParams.get('state') === state;
    response.writeHead(isExpected ? 200 : 404).end(isExpected ? 'You can close this page.' : '');
    if (isExpected) return searchParams;
  }
}

/** Calls the tool; or, when the server wants its user to sign in or to consent to more, lets them do it first. */
async function callTool() {
  const client = new Client({ name: 'tutorial', version: '1.0.0' }, { versionNegotiation: { mode: 'auto' } });
  const transport = new StreamableHTTPClientTransport(new URL(address), { authProvider });
  try {
    await client.connect(transport);
    return await client.callTool({ name: tool, arguments: JSON.parse(input) });
  } catch (error) {
    if (!(error instanceof UnauthorizedError)) throw error;
    await transport.finishAuth(await signIn());
  } finally {
    await client.close();
  }
}

try {
  // The first sign-in, and one more if the tool needs more than that.
  const result = (await callTool()) ?? (await callTool()) ?? (await callTool());
  console.log(result?.structuredContent ?? result?.content);
} finally {
  callback.closeAllConnections();
  callback.close();
}
