import { HttpException } from '@nestjs/common';

/** A failure of the server, with what its client may know of it. */
export class ToldFailure extends HttpException {}

/**
 * Whether an exception is written for clients, as on any controller: one of 4xx, or a {@link ToldFailure}. The message
 * of any other one is for operators. Never throws.
 *
 * @param error - what was thrown, if it can be read
 */
export function isToldException(error: unknown): error is HttpException {
  try {
    if (!(error instanceof HttpException)) return false;
    const status: unknown = error.getStatus();
    const isOfClient = typeof status === 'number' && status >= 400 && status < 500;
    // An application may put anything into its answer.
    return error instanceof ToldFailure || (isOfClient && typeof JSON.stringify(error.getResponse()) === 'string');
  } catch {
    return false;
  }
}
