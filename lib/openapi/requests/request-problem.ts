/** An argument that cannot be sent. The message is for the model. */
export class RequestProblem extends Error {
  override readonly name = 'RequestProblem';
}
