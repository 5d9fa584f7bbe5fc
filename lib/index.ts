export { McpAuthModule } from './mcp-auth.module.js';
export { McpAuthError } from './mcp-auth-error.js';
export { McpAuthConfigurationError } from './options/configuration-error.js';
export type {
  ClientOptions,
  DownstreamOptions,
  IssuerOptions,
  McpAuthModuleOptions,
  McpAuthOptionsFactory,
  ServerOptions,
} from './options/mcp-auth-options.js';
export { McpTool, type McpToolOptions, type ToolSchema } from './decorators/mcp-tool.decorator.js';
export type { AccessToken, Caller } from './authentication/caller.js';
export type { McpContext } from './serving/mcp-context.js';
export { ToolError } from './serving/tool-error.js';
export { clientSecretBasic, clientSecretPost } from './downstream/client-authentication.js';
export { DownstreamClient, type Downstream, type JsonRequestInit } from './downstream/downstream-client.js';
export {
  DownstreamError,
  type DownstreamErrorCode,
  type DownstreamErrorOptions,
} from './downstream/downstream-error.js';
