/** The answer to a message that is not dispatched. */
export interface ErrorBody {
  readonly jsonrpc: '2.0';
  readonly id: string | number | null;
  readonly error: { readonly code: number; readonly message: string };
}

/**
 * Creates the body of an error of JSON-RPC (JSON-RPC 2.0 section 5.1).
 *
 * @param body - the message that it answers
 */
export function createErrorBody(body: unknown, code: number, message: string): ErrorBody {
  const { id } = (body ?? {}) as { id?: unknown };
  return {
    jsonrpc: '2.0',
    id: typeof id === 'string' || typeof id === 'number' ? id : null,
    error: { code, message },
  };
}
