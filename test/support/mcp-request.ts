const PROTOCOL_VERSION = '2026-07-28';

/** A JSON-RPC request of the era 2026-07-28, as it goes over the wire. */
export function message(method: string, params: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    jsonrpc: '2.0',
    id: 1,
    method,
    params: {
      ...params,
      _meta: {
        'io.modelcontextprotocol/protocolVersion': PROTOCOL_VERSION,
        'io.modelcontextprotocol/clientCapabilities': {},
      },
    },
  };
}

export function toolCall(name: string, args: Record<string, unknown> = {}): Record<string, unknown> {
  return message('tools/call', { name, arguments: args });
}

export interface PostOptions {
  readonly token?: string | undefined;
  readonly headers?: Record<string, string>;
  readonly signal?: AbortSignal | undefined;
}

/** The headers that belong to a body, and a token. */
export function headersFor(body: unknown, token?: string): Record<string, string> {
  const { method, params } = body as { method?: string; params?: { name?: string } };
  return {
    'content-type': 'application/json',
    accept: 'application/json, text/event-stream',
    'mcp-protocol-version': PROTOCOL_VERSION,
    ...(method !== undefined && { 'mcp-method': method }),
    ...(params?.name !== undefined && { 'mcp-name': params.name }),
    ...(token !== undefined && { authorization: `Bearer ${token}` }),
  };
}

/** Posts a body to an MCP endpoint with the headers that belong to it. */
export async function post(
  url: string,
  body: unknown,
  { token, headers = {}, signal }: PostOptions = {},
): Promise<Response> {
  return await fetch(url, {
    method: 'POST',
    headers: { ...headersFor(body, token), ...headers },
    body: JSON.stringify(body),
    ...(signal && { signal }),
  });
}

export interface ToolResult {
  readonly content: { readonly type: string; readonly text: string }[];
  readonly structuredContent?: Record<string, unknown>;
  readonly isError?: boolean;
}

/** Calls a tool and expects an answer of the tool itself, good or bad. */
export async function callTool(
  url: string,
  token: string | undefined,
  name: string,
  args: Record<string, unknown> = {},
  signal?: AbortSignal,
): Promise<ToolResult> {
  const response = await post(url, toolCall(name, args), { token, signal });
  const body = (await response.json()) as { result?: ToolResult };
  if (!body.result) throw new Error(`${response.status} ${JSON.stringify(body)}`);
  return body.result;
}

/** The text of a result's only block. */
export function textOf({ content }: ToolResult): string {
  if (content.length !== 1 || content[0]?.type !== 'text') throw new Error(`Not one text: ${JSON.stringify(content)}`);
  return content[0].text;
}
