import { chatgpt, claude, copilotStudio } from './assistants.js';
import { claudeCode, cursor, vscode } from './editors.js';
import type { McpClient } from './mcp-client.js';
import { inspector, mcpRemote } from './tools.js';

/** The clients that are known, in the order in which they are printed. */
export const knownClients: readonly McpClient[] = [
  vscode,
  claude,
  claudeCode,
  chatgpt,
  cursor,
  copilotStudio,
  inspector,
  mcpRemote,
];
