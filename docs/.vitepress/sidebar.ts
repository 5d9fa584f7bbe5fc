import type { DefaultTheme } from 'vitepress';
import { apiPages } from './api-pages.js';

const API = '/reference/api/';

/** The table of contents. Every page of `docs` has one line here; a test sees to it. Sections without pages are not shown. */
const sections: readonly (DefaultTheme.SidebarItem & { readonly items: DefaultTheme.SidebarItem[] })[] = [
  {
    text: 'Introduction',
    items: [
      { text: 'What it is', link: '/introduction/' },
      { text: 'The ten steps', link: '/introduction/ten-steps' },
      { text: 'How it compares', link: '/introduction/comparison' },
    ],
  },
  {
    text: 'Get started',
    items: [
      { text: 'Your first protected tool', link: '/get-started/first-server' },
      { text: 'You have an OpenAPI document', link: '/get-started/openapi' },
      { text: 'You have a Nest API', link: '/get-started/nest-api' },
      { text: 'You have an MCP server', link: '/get-started/mcp-server' },
      { text: 'You have Microsoft Entra ID', link: '/get-started/entra' },
      { text: 'nest add and nest g', link: '/get-started/nest-add' },
    ],
  },
  {
    text: 'Guides',
    items: [
      { text: 'Tools, resources and prompts', link: '/guides/mcp' },
      { text: 'Scopes and policies', link: '/guides/authorization' },
      { text: 'Nest inside a tool', link: '/guides/nest' },
      { text: 'REST APIs as tools (OpenAPI)', link: '/guides/openapi' },
      { text: 'Calling APIs', link: '/guides/downstreams' },
      { text: 'Linked accounts', link: '/guides/linked-accounts' },
      { text: 'Delegation', link: '/guides/delegation' },
      { text: 'Issuers', link: '/guides/issuers' },
      { text: 'Client authentication', link: '/guides/client-authentication' },
      { text: 'Proof of possession', link: '/guides/proof-of-possession' },
      { text: 'Sign-outs', link: '/guides/logout' },
      { text: 'Servers that you have already', link: '/guides/existing-servers' },
      { text: 'Testing', link: '/guides/testing' },
      { text: 'A whole application', link: '/guides/application' },
    ],
  },
  {
    text: 'Identity providers',
    items: [
      { text: 'Keycloak', link: '/providers/keycloak' },
      { text: 'Microsoft Entra ID', link: '/providers/entra' },
      { text: 'Okta', link: '/providers/okta' },
      { text: 'Auth0', link: '/providers/auth0' },
      { text: 'PingOne and PingFederate', link: '/providers/ping' },
      { text: 'Amazon Cognito', link: '/providers/cognito' },
      { text: 'AD FS', link: '/providers/adfs' },
      { text: 'SAP XSUAA', link: '/providers/xsuaa' },
      { text: 'authentik', link: '/providers/authentik' },
      { text: 'ZITADEL', link: '/providers/zitadel' },
      { text: 'Spring Authorization Server', link: '/providers/spring' },
    ],
  },
  {
    text: 'Clients',
    items: [
      { text: 'Overview', link: '/clients/' },
      { text: 'Visual Studio Code', link: '/clients/vscode' },
      { text: 'Claude', link: '/clients/claude' },
      { text: 'ChatGPT', link: '/clients/chatgpt' },
      { text: 'Cursor', link: '/clients/cursor' },
      { text: 'Copilot Studio', link: '/clients/copilot-studio' },
      { text: 'MCP Inspector', link: '/clients/inspector' },
      { text: 'mcp-remote', link: '/clients/mcp-remote' },
      { text: 'TypeScript', link: '/clients/typescript' },
      { text: 'Python', link: '/clients/python' },
      { text: 'Go', link: '/clients/go' },
      { text: 'Rust', link: '/clients/rust' },
      { text: 'Java and Spring AI', link: '/clients/java' },
    ],
  },
  {
    text: 'Production',
    items: [
      { text: 'To production in a day', link: '/production/deploy' },
      { text: 'The image', link: '/production/docker' },
      { text: 'Kubernetes', link: '/production/kubernetes' },
      { text: 'nginx, Envoy and HAProxy', link: '/production/proxies' },
      { text: 'Scaling and sizing', link: '/production/scaling' },
      { text: 'Metrics, traces, logs and alerts', link: '/production/observability' },
      { text: 'Changing keys', link: '/production/key-rotation' },
      { text: 'Upgrades', link: '/production/upgrade' },
      { text: 'The endpoint and its limits', link: '/production/operations' },
      { text: 'The token cache', link: '/production/token-cache' },
      { text: 'The doctor', link: '/production/doctor' },
      { text: 'The command clients', link: '/production/clients' },
      { text: 'The manifest', link: '/production/manifest' },
      { text: 'The strict profile', link: '/production/strict' },
    ],
  },
  {
    text: 'Trouble',
    items: [
      { text: 'By symptom', link: '/trouble/' },
      { text: 'Errors of providers', link: '/trouble/provider-errors' },
    ],
  },
  {
    text: 'Reference',
    items: [
      { text: 'Options', link: '/reference/options' },
      { text: 'What clients see', link: '/reference/responses' },
      { text: 'Errors', link: '/reference/errors' },
      { text: 'Audit events', link: '/reference/events' },
      { text: 'Dialects', link: '/reference/dialects' },
      { text: 'Compliance', link: '/reference/compliance' },
      { text: 'Conformance', link: '/reference/conformance' },
      { text: 'Performance', link: '/reference/performance' },
      { text: 'The corpus of OpenAPI documents', link: '/reference/openapi-corpus' },
      { text: 'API', link: API },
    ],
  },
  {
    text: 'Migration',
    items: [
      { text: 'From MCP-Nest', link: '/migration/mcp-nest' },
      { text: 'From the official SDK', link: '/migration/sdk' },
      { text: 'From a hand-written server', link: '/migration/hand-written' },
      { text: 'Between versions', link: '/migration/versions' },
    ],
  },
  {
    text: 'Considerations',
    items: [
      { text: 'Security', link: '/considerations/security' },
      { text: 'Compatibility', link: '/considerations/compatibility' },
      { text: 'Support', link: '/considerations/support' },
      { text: 'For library authors', link: '/considerations/library-authors' },
    ],
  },
];

/** The table of contents, by sections. */
export const contents: DefaultTheme.SidebarItem[] = sections
  .filter(({ items }) => items.length > 0)
  .map((section) => ({ ...section, collapsed: false }));

/** The same without the API reference, which TypeDoc writes. */
export const written: DefaultTheme.SidebarItem[] = contents.map(({ items = [], ...section }) => ({
  ...section,
  items: items.filter(({ link }) => link !== API),
}));

/** The API reference has a table of contents of its own: it has more pages than all the rest. */
export const sidebar: DefaultTheme.SidebarMulti = {
  '/': contents,
  [API]: [{ text: '← All of the handbook', link: '/introduction/' }, ...apiPages()],
};
