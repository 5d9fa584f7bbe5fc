/** Thrown by a tool's method to tell the model, word for word, why the call failed and what to do about it. */
export class ToolError extends Error {
  /** Name of the class. */
  override readonly name = 'ToolError';
}
