import { isJsonObject } from '../../json/json-object.js';

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

/** The message of an error that an answer has in its body, which stays unread. */
export async function readErrorMessage(answer: Response): Promise<string> {
  const body: unknown = await answer
    .clone()
    .json()
    .catch(() => undefined);
  const error = isJsonObject(body) ? body.error : undefined;
  return isJsonObject(error) && typeof error.message === 'string' ? error.message : '';
}
