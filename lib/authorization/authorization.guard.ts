import { Inject, Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import type { Caller } from '../authentication/caller.js';
import { operationsIn } from '../catalogue/operation.js';
import { ToolCatalogue } from '../catalogue/tool-catalogue.js';
import { ChallengeException } from '../metadata/challenge.exception.js';
import { ResolvedOptions } from '../options/mcp-auth-options.js';
import { AuthorizedOperations } from './authorized-operations.js';

interface AuthenticatedRequest {
  body?: unknown;
  caller?: Caller;
  /** Set by this guard: what may be run. */
  authorizedOperations?: AuthorizedOperations;
}

/** Lets a request pass whose caller holds every scope of the operations in its body; else a scope challenge. */
@Injectable()
export class AuthorizationGuard implements CanActivate {
  constructor(
    @Inject(ResolvedOptions) private readonly options: ResolvedOptions,
    @Inject(ToolCatalogue) private readonly catalogue: ToolCatalogue,
  ) {}

  canActivate(context: ExecutionContext): boolean {
    const request = context.switchToHttp().getRequest<AuthenticatedRequest>();
    const operations = operationsIn(request.body);
    const scopes = this.catalogue.scopesOf(operations);
    const authorized = AuthorizedOperations.authorize(request.caller, operations, scopes);
    if (!authorized) {
      throw new ChallengeException({
        error: 'insufficient_scope',
        errorDescription: 'The token lacks a scope that the operation needs',
        scopes,
        resourceMetadataUrl: this.options.resourceMetadataUrl,
      });
    }
    request.authorizedOperations = authorized;
    return true;
  }
}
