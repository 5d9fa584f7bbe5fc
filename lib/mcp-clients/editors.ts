import type { AddedServer, McpClient } from './mcp-client.js';
import { formatJson, quote } from './step-texts.js';

/** Visual Studio Code. */
export const vscode: McpClient = {
  id: 'vscode',
  title: 'Visual Studio Code',
  page: 'vscode.md',
  metadataDocument: 'https://vscode.dev/oauth/client-metadata.json',
  redirectUris: [
    { uri: 'http://127.0.0.1:33418/', use: 'on a desktop' },
    { uri: 'http://127.0.0.1/', use: 'on a desktop where another program has port 33418', anyPort: true },
    { uri: 'http://127.0.0.1:33418', use: 'as its documentation has it, without the slash' },
    { uri: 'https://vscode.dev/redirect', use: 'in remote windows, on the web, and if the first way fails' },
    { uri: 'https://insiders.vscode.dev/redirect', use: 'the same in VS Code Insiders' },
  ],
  steps: ({ name, url, clientId }) => {
    const entry = { type: 'http', url, ...(clientId !== undefined && { oauth: { clientId } }) };
    const named = JSON.stringify({ name, ...entry });
    return [
      { place: '.vscode/mcp.json', language: 'json', text: formatJson({ servers: { [name]: entry } }) },
      { place: 'a shell, for the profile of the user', language: 'sh', text: `code --add-mcp ${quote(named)}` },
      { place: 'a link', language: 'text', text: `vscode:mcp/install?${encodeURIComponent(named)}` },
    ];
  },
};

/** Cursor. */
export const cursor: McpClient = {
  id: 'cursor',
  title: 'Cursor',
  page: 'cursor.md',
  redirectUris: [
    { uri: 'http://localhost:8787/callback', use: 'on a desktop' },
    { uri: 'https://www.cursor.com/agents/mcp/oauth/callback', use: 'on the web, and for agents in the cloud' },
    { uri: 'cursor://anysphere.cursor-mcp/oauth/callback', use: 'on a desktop, before 3.10.17' },
  ],
  steps: ({ name, url, clientId }) => {
    const entry = { url, ...(clientId !== undefined && { auth: { CLIENT_ID: clientId } }) };
    return [
      { place: '.cursor/mcp.json', language: 'json', text: formatJson({ mcpServers: { [name]: entry } }) },
      { place: 'a link', language: 'text', text: linkForCursor(name, entry) },
    ];
  },
};

function linkForCursor(name: string, entry: object): string {
  const config = Buffer.from(JSON.stringify(entry)).toString('base64');
  return `cursor://anysphere.cursor-deeplink/mcp/install?${new URLSearchParams({ name, config })}`;
}

/** Claude Code. */
export const claudeCode: McpClient = {
  id: 'claude-code',
  title: 'Claude Code',
  page: 'claude.md',
  metadataDocument: 'https://claude.ai/oauth/claude-code-client-metadata',
  redirectUris: [
    { uri: 'http://localhost/callback', use: 'on a desktop', anyPort: true },
    { uri: 'http://127.0.0.1/callback', use: 'on a desktop; some versions', anyPort: true },
  ],
  steps: ({ name, url, clientId }: AddedServer) => {
    const known = clientId === undefined ? [] : ['--client-id', clientId, '--callback-port', '8080'];
    const command = ['claude', 'mcp', 'add', '--transport', 'http', ...known, name, url].map(quote).join(' ');
    const oauth = clientId !== undefined && { oauth: { clientId, callbackPort: 8080 } };
    return [
      { place: 'a shell', language: 'sh', text: command },
      {
        place: '.mcp.json, for all who work on a project',
        language: 'json',
        text: formatJson({ mcpServers: { [name]: { type: 'http', url, ...oauth } } }),
      },
    ];
  },
};
