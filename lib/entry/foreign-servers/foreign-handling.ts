import type { CallHandler, ExecutionContext } from '@nestjs/common';
import { from, lastValueFrom, Observable } from 'rxjs';
import { toReadable } from '../../errors/reason.js';
import { getRequest } from '../endpoint/mcp-request.js';
import { ForeignOutcome } from './foreign-outcome.js';
import type { McpProtection } from './mcp-protection.js';

/** The one run of the handler that answers a request. */
export class ForeignHandling {
  readonly #outcome: ForeignOutcome;
  readonly #opened: Promise<void>;
  #handled: Promise<unknown> | undefined;
  #isHandled = false;

  constructor(
    private readonly protection: McpProtection,
    private readonly context: ExecutionContext,
    private readonly next: CallHandler,
  ) {
    const http = context.switchToHttp();
    let open: () => void;
    this.#opened = new Promise((resolve) => {
      open = resolve;
    });
    this.#outcome = new ForeignOutcome(getRequest(context), http.getResponse(), () => {
      open();
    });
  }

  /** What the handler returned, for the interceptors of the application. Who stops waiting for it ends the request. */
  observe(): Observable<unknown> {
    return new Observable((subscriber) => {
      this.#handled ??= this.#handle().finally(() => {
        this.#isHandled = true;
      });
      const subscription = from(this.#handled).subscribe(subscriber);
      return () => {
        subscription.unsubscribe();
        if (!this.#isHandled) this.#outcome.leave();
      };
    });
  }

  async #handle(): Promise<unknown> {
    let returned: unknown;
    const whenReturned = new Promise<void>((resolve, reject) => {
      const handle = async () => {
        returned = await lastValueFrom(from(this.next.handle()), { defaultValue: undefined });
        this.#outcome.finish(returned);
        resolve();
      };
      // It ends before the handler returns only if the handler is not asked.
      this.protection.run(this.context, this.#outcome, handle).then(resolve, reject);
    });
    try {
      await Promise.race([whenReturned, this.#opened]);
      // A stream may fail later.
      whenReturned.catch((thrown: unknown) => this.#outcome.takeFailure(toReadable(thrown)));
    } catch (thrown) {
      const error = toReadable(thrown);
      if (!this.#outcome.takeFailure(error)) throw error;
    }
    return returned;
  }
}
