import type { IncomingMessage } from 'node:http';
import { Inject, Injectable, Logger, ServiceUnavailableException, type ExecutionContext } from '@nestjs/common';
import { AuthGuard } from '@nestjs/passport';
import { operationsIn } from '../catalogue/operation.js';
import { ToolCatalogue } from '../catalogue/tool-catalogue.js';
import { IssuerUnavailableError } from '../issuers/issuer-unavailable-error.js';
import { ChallengeException } from '../metadata/challenge.exception.js';
import { ResolvedOptions } from '../options/mcp-auth-options.js';
import { bearerCredentials } from './bearer-token.js';
import type { Caller } from './caller.js';
import { InvalidTokenError } from './invalid-token-error.js';
import { JwtStrategy } from './jwt.strategy.js';
import { VerifiedTokens } from './verified-tokens.js';

/** A request as Express has it, or as Fastify does with Node's own in `raw`. */
interface HttpRequest {
  raw?: IncomingMessage;
  body?: unknown;
  /** Set by this guard: who calls. `user` may be of the application's own making. */
  caller?: Caller;
}

/** Lets a request pass whose bearer token is verified, and says who sent it. Everyone else is challenged. */
@Injectable()
export class AuthenticationGuard extends AuthGuard() {
  readonly #logger = new Logger(AuthenticationGuard.name);

  constructor(
    @Inject(ResolvedOptions) private readonly moduleOptions: ResolvedOptions,
    @Inject(ToolCatalogue) private readonly catalogue: ToolCatalogue,
    @Inject(VerifiedTokens) private readonly verified: VerifiedTokens,
    @Inject(JwtStrategy) strategy: JwtStrategy,
  ) {
    super({ defaultStrategy: strategy.name, session: false });
  }

  override async canActivate(context: ExecutionContext): Promise<boolean> {
    if (this.moduleOptions.anonymous) return true;
    const request = context.switchToHttp().getRequest<HttpRequest>();
    request.caller = await this.#authenticate(context, request);
    return true;
  }

  async #authenticate(context: ExecutionContext, request: HttpRequest): Promise<Caller> {
    const source = this.getRequest(context);
    const credentials = bearerCredentials(source);
    if (credentials.kind === 'malformed') throw this.#challenge(request, 'invalid_request', credentials.reason);
    if (credentials.kind === 'none') throw this.#challenge(request);
    const known = this.verified.find(credentials.token);
    if (known) return known;
    await super.canActivate(context);
    const caller = source.user;
    this.verified.remember(caller);
    return caller;
  }

  /** Passport and its strategies expect Node's request, which Fastify wraps. */
  override getRequest(context: ExecutionContext): IncomingMessage & { user: Caller } {
    const request = context.switchToHttp().getRequest<HttpRequest & IncomingMessage>();
    return (request.raw ?? request) as IncomingMessage & { user: Caller };
  }

  override handleRequest<User = Caller>(
    error: unknown,
    user: User | false,
    info: unknown,
    context: ExecutionContext,
  ): User {
    if (user) return user;
    const cause = error ?? info;
    if (cause instanceof IssuerUnavailableError) {
      this.#logger.error(cause.message);
      throw new ServiceUnavailableException('The token cannot be checked right now');
    }
    if (error instanceof Error && !(error instanceof InvalidTokenError)) throw error;
    if (cause instanceof Error) this.#logger.debug(`Token rejected: ${cause.message}`);
    throw this.#challenge(context.switchToHttp().getRequest<HttpRequest>(), 'invalid_token', descriptionOf(cause));
  }

  #challenge(request: HttpRequest, error?: 'invalid_request' | 'invalid_token', errorDescription?: string) {
    const needed = this.catalogue.scopesOf(operationsIn(request.body));
    return new ChallengeException({
      ...(error && { error }),
      ...(errorDescription !== undefined && { errorDescription }),
      scopes: needed.length > 0 ? needed : this.catalogue.initialScopes,
      resourceMetadataUrl: this.moduleOptions.resourceMetadataUrl,
    });
  }
}

function descriptionOf(cause: unknown): string {
  if (cause instanceof InvalidTokenError) return cause.message;
  if (cause instanceof Error && cause.name === 'TokenExpiredError') return 'The token has expired';
  if (cause instanceof Error && cause.name === 'NotBeforeError') return 'The token is not valid yet';
  return 'The token is not valid for this server';
}
