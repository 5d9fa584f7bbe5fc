import type { McpClient } from './mcp-client.js';
import { formatJson, quote } from './step-texts.js';

const INSPECTOR = '@modelcontextprotocol/inspector@2.12.0';
const MCP_REMOTE = 'mcp-remote@0.15.1';

/** The MCP Inspector. */
export const inspector: McpClient = {
  id: 'inspector',
  title: 'MCP Inspector',
  page: 'inspector.md',
  redirectUris: [
    { uri: 'http://127.0.0.1:6276/oauth/callback', use: 'on the command line; `--callback-url` names another' },
    { uri: 'http://localhost:6274/oauth/callback', use: 'on its web page' },
  ],
  steps: ({ name, url, clientId }) => {
    const oauth = clientId !== undefined && { oauth: { clientId } };
    return [
      {
        place: 'a shell, for the command line',
        language: 'sh',
        text: `npx ${INSPECTOR} --cli ${quote(url)} --method tools/list`,
      },
      {
        place: 'mcp.json, for `--config mcp.json --server` and the name',
        language: 'json',
        text: formatJson({ mcpServers: { [name]: { type: 'streamable-http', url, ...oauth } } }),
      },
      { place: 'a shell, for the web page', language: 'sh', text: `npx ${INSPECTOR}` },
    ];
  },
};

/** mcp-remote, for applications that know local servers alone. */
export const mcpRemote: McpClient = {
  id: 'mcp-remote',
  title: 'mcp-remote',
  page: 'mcp-remote.md',
  redirectUris: [
    { uri: 'http://localhost/oauth/callback', use: 'on a desktop', anyPort: true },
    { uri: 'http://127.0.0.1/oauth/callback', use: 'with `--host 127.0.0.1`', anyPort: true },
  ],
  steps: ({ name, url, clientId }) => {
    const known = clientId === undefined ? [] : ['--static-oauth-client-info', JSON.stringify({ client_id: clientId })];
    const entry = { command: 'npx', args: ['-y', MCP_REMOTE, url, ...known] };
    return [
      {
        place: 'the configuration of the application, such as claude_desktop_config.json',
        language: 'json',
        text: formatJson({ mcpServers: { [name]: entry } }),
      },
    ];
  },
};
