/** Where a command writes its output. */
export interface CommandOutput {
  readonly stdout: { write(text: string): unknown };
  readonly stderr: { write(text: string): unknown };
}

/** Exit codes: nothing is wrong; something is; the command could not be run. */
export const EXIT = { ok: 0, found: 1, failed: 2 } as const;

/** The arguments are not those of the command. Its usage is printed. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}
