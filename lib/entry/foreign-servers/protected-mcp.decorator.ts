import {
  applyDecorators,
  Injectable,
  UseFilters,
  UseGuards,
  UseInterceptors,
  UsePipes,
  type CallHandler,
  type CanActivate,
  type ExceptionFilter,
  type ExecutionContext,
  type NestInterceptor,
  type OnModuleInit,
  type Type,
} from '@nestjs/common';
import { EXCEPTION_FILTERS_METADATA } from '@nestjs/common/constants.js';
import { ModulesContainer } from '@nestjs/core';
import type { Observable } from 'rxjs';
import { ChallengeFilter } from '../endpoint/challenge.filter.js';
import { InterruptionFilter } from '../endpoint/interruption.filter.js';
import { getRequest } from '../endpoint/mcp-request.js';
import { toTold } from '../endpoint/told-failures.js';
import { selectServer } from '../../servers/application-servers.js';
import { ForeignHandling } from './foreign-handling.js';
import type { PreparedRules, ProtectedMcpOptions } from './foreign-rules.js';
import { AuthorizedMessagePipe } from './handled-message.js';
import { McpProtection } from './mcp-protection.js';

/**
 * Protects a controller of the application with the guards of `McpAuthModule`. Another MCP server answers its
 * requests: one of the SDK, 1.x or 2.x, or of `@rekog/mcp-nest`. Tokens are verified. Callers without the scopes of a
 * tool are challenged. `DownstreamClient` acts for the caller inside the controller. The request gets `auth` in the
 * SDK's form and `user`, the {@link Caller}. Give the module `endpoint: { mount: false }`, and the controller the
 * path of `resource`.
 *
 * @param options - rules by name; an operation without a rule is refused
 */
export function ProtectedMcp(options: ProtectedMcpOptions): ClassDecorator {
  return (target) => {
    const type = target as unknown as Type;
    const of = `@ProtectedMcp on ${type.name}`;

    @Injectable()
    class ProtectedMcpGuard implements CanActivate, OnModuleInit {
      #protection: McpProtection | undefined;
      #rules: PreparedRules | undefined;

      constructor(private readonly modules: ModulesContainer) {}

      async onModuleInit(): Promise<void> {
        this.#protection = selectServer(this.modules, McpProtection, options.server, of);
        this.#rules = await this.#protection.prepare(options, type);
      }

      async canActivate(context: ExecutionContext): Promise<boolean> {
        const [protection, rules] = [this.#protection, this.#rules];
        if (!protection || !rules) throw createNotReadyError();
        const request = getRequest(context);
        try {
          return await protection.admit(context, rules);
        } catch (error) {
          throw toTold(error, request.trace);
        }
      }
    }

    @Injectable()
    class ProtectedMcpInterceptor implements NestInterceptor, OnModuleInit {
      readonly #handling = new WeakMap<object, ForeignHandling>();
      #protection: McpProtection | undefined;

      constructor(private readonly modules: ModulesContainer) {}

      onModuleInit(): void {
        this.#protection = selectServer(this.modules, McpProtection, options.server, of);
      }

      intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
        const protection = this.#protection;
        if (!protection) throw createNotReadyError();
        const request = getRequest(context);
        // The server is asked once, however often an interceptor of the application asks.
        const handling = this.#handling.get(request) ?? new ForeignHandling(protection, context, next);
        this.#handling.set(request, handling);
        return handling.observe();
      }
    }

    applyDecorators(
      UseGuards(ProtectedMcpGuard),
      UseInterceptors(ProtectedMcpInterceptor),
      UseFilters(ChallengeFilter),
      UsePipes(AuthorizedMessagePipe),
    )(target);
    askLast(InterruptionFilter, target);
  };
}

/** Nest asks the filters of a class from the last to the first. */
function askLast(filter: Type<ExceptionFilter>, target: object): void {
  const others = (Reflect.getMetadata(EXCEPTION_FILTERS_METADATA, target) ?? []) as unknown[];
  Reflect.defineMetadata(EXCEPTION_FILTERS_METADATA, [filter, ...others], target);
}

function createNotReadyError(): Error {
  return new Error('@ProtectedMcp was asked before the application was initialised');
}
