/** Thrown by a tool's method to tell the model why the call failed and what to do. The message is sent unchanged. */
export class ToolError extends Error {
  /** Name of the class. */
  override readonly name = 'ToolError';
}
