import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { RateLimits } from '../../resource-server/rate-limits/rate-limits.js';
import { Catalogue } from '../../resource-server/catalogue/catalogue.js';
import { getRequest } from './mcp-request.js';
import { getResponse } from './node-request.js';
import { toTold } from './told-failures.js';

/** Counts the requests of a caller, and answers 429 to those that are too many. */
@Injectable()
export class RateLimitGuard implements CanActivate {
  constructor(
    private readonly limits: RateLimits,
    private readonly catalogue: Catalogue,
  ) {}

  canActivate(context: ExecutionContext): boolean | Promise<boolean> {
    return !this.limits.areSet || this.#count(context);
  }

  async #count(context: ExecutionContext): Promise<boolean> {
    const request = getRequest(context);
    if (request.method === 'OPTIONS') return true;
    const { caller, operation, body, trace } = request;
    const offer = operation && this.catalogue.find(operation)?.primitive;
    const asked = { caller, operation, offer, body, trace };
    try {
      await this.limits.count(asked, [request.platform, getResponse(context)]);
    } catch (error) {
      throw toTold(error, trace);
    }
    return true;
  }
}
