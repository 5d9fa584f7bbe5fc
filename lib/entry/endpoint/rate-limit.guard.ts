import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { RateLimits } from '../../resource-server/rate-limits/rate-limits.js';
import type { McpRequest } from './mcp-request.js';

/** Counts the requests of a caller, and answers 429 to those that are too many. */
@Injectable()
export class RateLimitGuard implements CanActivate {
  constructor(private readonly limits: RateLimits) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const http = context.switchToHttp();
    const request = http.getRequest<McpRequest>();
    if (request.method !== 'OPTIONS') await this.limits.count(request, [request, http.getResponse()]);
    return true;
  }
}
