import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { DownstreamPreparation } from '../../on-behalf-of/downstream/downstream-preparation.js';
import { AuthorizedOperation } from '../../resource-server/authorization/admission.js';
import type { McpRequest } from './mcp-request.js';

/** Lets an authorized request pass once its downstreams are looked at; else a challenge for what they demand. */
@Injectable()
export class DownstreamGuard implements CanActivate {
  constructor(private readonly preparation: DownstreamPreparation) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const request = context.switchToHttp().getRequest<McpRequest>();
    const { admitted } = request;
    if (admitted instanceof AuthorizedOperation) request.prepared = await this.preparation.prepare(admitted, request);
    return true;
  }
}
