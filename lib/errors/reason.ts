/** The message of an error, with that of its cause. */
export function describeError(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? `${error.message} (${error.cause.message})` : error.message;
}

/** Whether the message of what was thrown can be read. Nest reads it, too, and a getter that throws would end the process. */
export function isReadable(error: unknown): boolean {
  try {
    describeError(error);
    return true;
  } catch {
    return false;
  }
}
