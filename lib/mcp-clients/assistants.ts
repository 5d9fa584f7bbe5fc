import type { McpClient } from './mcp-client.js';
import { formatFields } from './step-texts.js';

/** Claude on the web, on the desktop and on phones. */
export const claude: McpClient = {
  id: 'claude',
  title: 'Claude',
  page: 'claude.md',
  metadataDocument: 'https://claude.ai/oauth/mcp-oauth-client-metadata',
  redirectUris: [
    { uri: 'https://claude.ai/api/mcp/auth_callback', use: 'everywhere' },
    { uri: 'https://claude.com/api/mcp/auth_callback', use: 'announced; not used yet' },
  ],
  steps: ({ name, url, clientId }) => [
    {
      place: 'Customize → Connectors → Add custom connector',
      language: 'text',
      text: formatFields([
        ['Name', name],
        ['Remote MCP server URL', url],
        ['Advanced settings → OAuth Client ID', clientId],
      ]),
    },
  ],
};

/** ChatGPT. */
export const chatgpt: McpClient = {
  id: 'chatgpt',
  title: 'ChatGPT',
  page: 'chatgpt.md',
  metadataDocument: 'https://chatgpt.com/oauth/client.json',
  redirectUris: [
    {
      uri: 'https://chatgpt.com/connector_platform_oauth_redirect',
      use: 'where the metadata of the authorization server says `authorization_response_iss_parameter_supported`',
    },
  ],
  steps: ({ name, url, clientId }) => [
    {
      place: 'Settings → Apps → Create app, with Developer mode on',
      language: 'text',
      text: formatFields([
        ['Name', name],
        ['MCP Server URL', url],
        ['Authentication', 'OAuth'],
        ['Advanced OAuth settings → OAuth Client ID', clientId],
      ]),
    },
  ],
};

/** Microsoft Copilot Studio. */
export const copilotStudio: McpClient = {
  id: 'copilot-studio',
  title: 'Microsoft Copilot Studio',
  page: 'copilot-studio.md',
  redirectUris: [
    {
      uri: 'https://global.consent.azure-apim.net/redirect/…',
      use: 'as the wizard shows it: each connector has its own',
    },
  ],
  steps: ({ name, url, clientId, authorizationServer, scopes }) => [
    {
      place: 'Tools → Add a tool → New tool → Model Context Protocol',
      language: 'text',
      text: formatFields([
        ['Server name', name],
        ['Server description', 'what the agent may use it for'],
        ['Server URL', url],
        ['Authentication', 'OAuth 2.0'],
        ['Type', clientId === undefined ? 'Dynamic discovery' : 'Manual'],
        ...(clientId === undefined
          ? []
          : ([
              ['Client ID', clientId],
              ['Client secret', 'of that client'],
              ['Authorization URL', authorizationServer?.authorization],
              ['Token URL template', authorizationServer?.token],
              ['Refresh URL', authorizationServer?.token],
              ['Scopes', scopes?.join(' ')],
            ] as const)),
      ]),
    },
  ],
};
