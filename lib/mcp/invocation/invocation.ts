import type { MethodHost } from '../../resource-server/catalogue/primitive.js';
import type { McpContext } from '../../resource-server/decorators/mcp-context.js';
import type { CheckArguments } from './piped-arguments.js';

/** A method that can be called. */
export interface Invocation {
  /** Whether nothing of the application stands before or around the method, and the method takes the arguments as they are. */
  readonly isBare: boolean;
  /**
   * Runs the method the way Nest runs a controller's method.
   *
   * @param check - asked before the method runs, with the arguments as the method gets them
   */
  run(context: McpContext, input: unknown, check: CheckArguments): Promise<unknown>;
}

/** A method that is prepared when it is first called, because many are never called. */
export class LaterInvocation implements Invocation {
  #prepared: Invocation | undefined;

  constructor(
    private readonly host: MethodHost,
    private readonly prepare: (host: MethodHost) => Invocation,
  ) {}

  get isBare(): boolean {
    return this.#find().isBare;
  }

  run(context: McpContext, input: unknown, check: CheckArguments): Promise<unknown> {
    return this.#find().run(context, input, check);
  }

  #find(): Invocation {
    return (this.#prepared ??= this.prepare(this.host));
  }
}
