import {
  ProtocolError,
  ProtocolErrorCode,
  ResourceNotFoundError,
  type CallToolResult,
} from '@modelcontextprotocol/server';
import { isToldException } from '../../errors/told-exception.js';
import type { Offer } from '../../resource-server/catalogue/primitive.js';
import { ToolError } from './tool-error.js';

const NOT_FOUND = 404;

/**
 * Turns a failure of a resource or a prompt into a JSON-RPC error, because their results cannot report errors.
 *
 * @param error - what the method threw
 * @param told - the result that a tool would have returned
 */
export function toPrimitiveError(
  { kind, name }: Pick<Offer, 'kind' | 'name'>,
  uri: string,
  error: unknown,
  told: CallToolResult,
): ProtocolError {
  const isResource = kind === 'resource' || kind === 'resourceTemplate';
  const text = told.content.map((block) => (block.type === 'text' ? block.text : '')).join('\n') || `${name} failed`;
  const isTold = isToldException(error);
  if (isResource && isTold && error.getStatus() === NOT_FOUND) return new ResourceNotFoundError(uri);
  const code = isTold ? ProtocolErrorCode.InvalidParams : ProtocolErrorCode.InternalError;
  return new ProtocolError(error instanceof ToolError ? ProtocolErrorCode.InternalError : code, text, told._meta);
}
