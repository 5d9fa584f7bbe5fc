import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { DownstreamPreparation } from '../../on-behalf-of/downstream/downstream-preparation.js';
import { AuthorizedOperation } from '../../resource-server/authorization/admission.js';
import { getRequest, type McpRequest } from './mcp-request.js';
import { toTold } from './told-failures.js';

/** Checks the downstreams of an authorized request, and answers with a challenge if one of them requires it. */
@Injectable()
export class DownstreamGuard implements CanActivate {
  constructor(private readonly preparation: DownstreamPreparation) {}

  canActivate(context: ExecutionContext): boolean | Promise<boolean> {
    const request = getRequest(context);
    const { admitted } = request;
    const isReaching = admitted instanceof AuthorizedOperation && this.preparation.isNeeded(admitted);
    return !isReaching || this.#prepare(request, admitted);
  }

  async #prepare(request: McpRequest, admitted: AuthorizedOperation): Promise<boolean> {
    try {
      request.prepared = await this.preparation.prepare(admitted, request);
    } catch (error) {
      throw toTold(error, request.trace);
    }
    return true;
  }
}
