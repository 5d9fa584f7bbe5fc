/** What a JSON-RPC message asks for: `tools/call find_order`, `tools/list`. */
export interface Operation {
  readonly method: string;
  /** Name of the tool, for `tools/call`. */
  readonly name: string | undefined;
}

/** The operation in a parsed JSON-RPC message. What is no request and no notification asks for nothing. */
export function operationIn(body: unknown): Operation | undefined {
  if (!isObject(body) || typeof body.method !== 'string') return undefined;
  const { method, params } = body;
  const name = isObject(params) && typeof params.name === 'string' ? params.name : undefined;
  return { method, name: method === 'tools/call' ? name : undefined };
}

/** The arguments of a `tools/call`, as the client sent them. */
export function argumentsIn(body: unknown): unknown {
  const params = isObject(body) ? body.params : undefined;
  return (isObject(params) ? params.arguments : undefined) ?? {};
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
