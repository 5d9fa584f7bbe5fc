/** What a JSON-RPC message asks for: `tools/call find_order`, `tools/list`. */
export interface Operation {
  readonly method: string;
  /** Name of the tool, for `tools/call`. */
  readonly name: string | undefined;
}

/**
 * The operations in a parsed JSON-RPC body: one, or several where it is a batch. What is no request and no
 * notification asks for nothing.
 */
export function operationsIn(body: unknown): Operation[] {
  return (Array.isArray(body) ? (body as unknown[]) : [body]).flatMap((message) => {
    if (!isObject(message) || typeof message.method !== 'string') return [];
    const { method, params } = message;
    const name = isObject(params) && typeof params.name === 'string' ? params.name : undefined;
    return [{ method, name: method === 'tools/call' ? name : undefined }];
  });
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
