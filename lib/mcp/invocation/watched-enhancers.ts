import type { CallHandler, CanActivate, ExecutionContext, NestInterceptor } from '@nestjs/common';
import { isObservable, tap, type Observable } from 'rxjs';
import { readMessage, toReadable } from '../../errors/reason.js';
import { isToldException } from '../../errors/told-exception.js';
import { CleanLogger } from '../../log/clean-logger.js';
import type { McpContext } from '../../resource-server/decorators/mcp-context.js';

const logger = new CleanLogger('McpTool');

/** Tells operators which guard of the application denied a call. Nest tells nobody. */
export function watchGuard(guard: CanActivate): CanActivate {
  return {
    canActivate: (context) => {
      try {
        return follow(guard.canActivate(context), (isAllowed) => {
          if (!isAllowed) tellDenial(guard, context, 'it returned false');
        });
      } catch (error) {
        tellThrown(guard, context, error);
        throw error;
      }

      function follow(verdict: Verdict, tell: (isAllowed: boolean) => void): Verdict {
        if (isObservable(verdict)) {
          return verdict.pipe(
            tap({
              next: tell,
              error: (thrown: unknown) => {
                tellThrown(guard, context, thrown);
              },
            }),
          );
        }
        if (!(verdict instanceof Promise)) {
          tell(verdict);
          return verdict;
        }
        return verdict.then(
          (value: boolean) => follow(value, tell) as boolean,
          (error: unknown) => {
            tellThrown(guard, context, error);
            throw error;
          },
        );
      }
    },
  };
}

type Verdict = ReturnType<CanActivate['canActivate']>;

/** What is not written for clients is logged as any failure of a call. */
function tellThrown(guard: CanActivate, context: ExecutionContext, thrown: unknown): void {
  const error = toReadable(thrown);
  if (isToldException(error)) tellDenial(guard, context, `it threw ${error.name}: ${readMessage(error)}`);
}

function tellDenial(guard: CanActivate, context: ExecutionContext, why: string): void {
  const method = `${context.getClass().name}.${context.getHandler().name}`;
  const { correlationId } = context.getArgByIndex<McpContext>(0);
  logger.sum(
    'warn',
    `${guard.constructor.name} ${method}`,
    `The guard ${guard.constructor.name} of the application denied ${method} [${correlationId}]: ${why}. If that is not meant, give the method the mark that the guard looks for, or let the guard decide about calls by \`isMcp(context)\``,
    why,
  );
}

/** The names of the interceptors of a call that pass on another value than they got. */
export type ChangingInterceptors = Set<string>;

/** Notes which interceptors change what the method returned. One alone needs no note. */
export function watchInterceptors(
  interceptors: readonly NestInterceptor[],
  changing: ChangingInterceptors,
): readonly NestInterceptor[] {
  if (interceptors.length < 2) return interceptors;
  return interceptors.map((interceptor) => ({
    intercept: async (context: ExecutionContext, next: CallHandler<unknown>): Promise<Observable<unknown>> => {
      let got: unknown;
      const handle = () =>
        next.handle().pipe(
          tap((value) => {
            got = value;
          }),
        );
      const passed = await interceptor.intercept(context, { handle });
      return passed.pipe(
        tap((value: unknown) => {
          if (value === got) changing.delete(interceptor.constructor.name);
          else changing.add(interceptor.constructor.name);
        }),
      );
    },
  }));
}
