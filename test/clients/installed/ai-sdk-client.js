import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import process from 'node:process';
import { createInterface } from 'node:readline';
import { pathToFileURL, URL } from 'node:url';

// A client of @ai-sdk/mcp: it says where its user has to sign in, and reads where the browser was sent afterwards.
const [url = '', modules = ''] = process.argv.slice(2);
const { auth, createMCPClient } = await import(pathToFileURL(join(modules, '@ai-sdk/mcp/dist/index.js')).href);

const lines = createInterface(process.stdin)[Symbol.asyncIterator]();
const say = (said) => process.stdout.write(`${JSON.stringify(said)}\n`);

/** What it keeps, each by its name. */
const kept = {};
const provider = {
  redirectUrl: 'http://127.0.0.1/callback',
  clientMetadata: {
    client_name: 'AI SDK',
    redirect_uris: ['http://127.0.0.1/callback'],
    grant_types: ['authorization_code', 'refresh_token'],
    response_types: ['code'],
    token_endpoint_auth_method: 'none',
  },
  tokens: () => kept.tokens,
  saveTokens: (tokens) => void (kept.tokens = tokens),
  clientInformation: () => kept.client,
  saveClientInformation: (client) => void (kept.client = client),
  authorizationServerInformation: () => kept.server,
  saveAuthorizationServerInformation: (server) => void (kept.server = server),
  codeVerifier: () => kept.verifier,
  saveCodeVerifier: (verifier) => void (kept.verifier = verifier),
  state: () => (kept.state = randomUUID()),
  storedState: () => kept.state,
  saveState: (state) => void (kept.state = state),
  redirectToAuthorization: (address) => void (kept.address = address.href),
};

const transport = () => ({ type: 'http', url, authProvider: provider });
const connect = () => createMCPClient({ transport: transport() });

let client = await connect().catch((error) => {
  if (kept.address === undefined) throw error;
});
if (!client) {
  say({ open: kept.address });
  const { value } = await lines.next();
  const { searchParams } = new URL(value);
  await auth(provider, {
    serverUrl: url,
    authorizationCode: searchParams.get('code'),
    callbackState: searchParams.get('state'),
    callbackIssuer: searchParams.get('iss') ?? undefined,
  });
  client = await connect();
}
const tools = await client.tools();
say({ tools: Object.keys(tools).sort() });
const call = async (name, args) => {
  const address = kept.address;
  const said = await tools[name].execute(args, { messages: [], toolCallId: name }).then(
    ({ structuredContent }) => ({ result: structuredContent }),
    (error) => ({ error: String(error.message) }),
  );
  return { ...said, ...(kept.address !== address && { asksToSignIn: true }) };
};
say({ found: await call('find_order', { id: '1001' }) });
say({ created: await call('create_order', { item: 'pump', quantity: 1 }) });
await client.close();
process.exit(0);
