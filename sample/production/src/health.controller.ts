import { Controller, Get } from '@nestjs/common';
import { HealthCheck, HealthCheckService } from '@nestjs/terminus';
import { McpAuthHealthIndicator } from 'nestjs-mcp-auth';

@Controller('health')
export class HealthController {
  constructor(
    private readonly health: HealthCheckService,
    private readonly mcpAuth: McpAuthHealthIndicator,
  ) {}

  /** For the startup and the liveness probe: the process answers. It says nothing of issuers, which no restart mends. */
  @Get('live')
  live() {
    return { status: 'ok' };
  }

  /** For the readiness probe: tokens can be verified, and the process is not about to stop. Otherwise 503. */
  @Get('ready')
  @HealthCheck()
  ready() {
    return this.health.check([() => this.mcpAuth.check()]);
  }
}
