/** A fault in an OpenAPI document, with the place where it is. */
export class DocumentProblem extends Error {
  override readonly name = 'DocumentProblem';

  /**
   * @param place - file and JSON Pointer, such as `orders.yaml#/paths/~1orders/get`
   * @param problem - what is wrong there, and how it can be mended
   */
  constructor(
    readonly place: string,
    readonly problem: string,
  ) {
    super(`${place}: ${problem}`);
  }
}
