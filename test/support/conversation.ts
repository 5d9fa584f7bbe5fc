import { post } from './mcp-request.js';

const REVISION = '2025-11-25';

/** Says hello as clients before 2026-07-28 do. Returns the headers for what comes after. */
export async function beginConversation(
  resource: string,
  token: string | undefined,
  capabilities: Record<string, unknown> = {},
): Promise<Record<string, string>> {
  const params = { protocolVersion: REVISION, capabilities, clientInfo: { name: 'test', version: '1' } };
  const headers = { 'mcp-protocol-version': REVISION };
  const response = await post(resource, { jsonrpc: '2.0', id: 1, method: 'initialize', params }, { token, headers });
  await response.text();
  return { ...headers, 'mcp-session-id': response.headers.get('mcp-session-id') ?? '' };
}
