import { ProtocolError, ProtocolErrorCode } from '@modelcontextprotocol/server';
import { isToldException } from '../../errors/told-exception.js';

/**
 * What failed around a message, as the error of its answer. It tells only what was written for clients.
 *
 * @param error - what was thrown, if it can be read
 * @param reference - correlation id of the request
 */
export function toInterruptionError(error: unknown, reference: string): ProtocolError {
  return isToldException(error)
    ? new ProtocolError(ProtocolErrorCode.InternalError, error.message)
    : toInternalError(reference);
}

/** An error that tells nothing of its cause. */
export function toInternalError(reference: string): ProtocolError {
  return new ProtocolError(ProtocolErrorCode.InternalError, `Internal error. Reference for support: ${reference}`);
}
