/** Revisions of MCP, one for each era. */
export const ERAS = ['2026-07-28', '2025-11-25'] as const;

export type Era = (typeof ERAS)[number];

/** A message of a client. */
export interface Message {
  readonly method: 'tools/call' | 'tools/list' | 'subscriptions/listen';
  readonly params?: { readonly name?: string; readonly arguments?: object; readonly notifications?: object };
}

export interface SentMessage {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export const ECHO = callTool('echo', { text: 'hello' });

export function callTool(name: string, args: object): Message {
  return { method: 'tools/call', params: { name, arguments: args } };
}

/** Writes a message as clients of an era do. */
export function writeMessage({ method, params }: Message, era: Era = '2026-07-28'): SentMessage {
  const isModern = era === '2026-07-28';
  const meta = {
    'io.modelcontextprotocol/protocolVersion': era,
    'io.modelcontextprotocol/clientCapabilities': {},
  };
  return {
    headers: {
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      'mcp-protocol-version': era,
      ...(isModern && { 'mcp-method': method }),
      ...(isModern && params?.name !== undefined && { 'mcp-name': params.name }),
    },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params: { ...params, ...(isModern && { _meta: meta }) } }),
  };
}
