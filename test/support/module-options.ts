import type { McpAuthModuleOptions } from 'nestjs-mcp-auth';

/**
 * Options that work, for a server at `origin`, and what a test wants different. Without the doctor, whose own requests to
 * the issuer would be among those that tests count.
 */
export function optionsFor(
  origin: string,
  issuer: string,
  rest: Partial<McpAuthModuleOptions> = {},
): McpAuthModuleOptions {
  return {
    server: { name: 'test', version: '1.0.0' },
    resource: `${origin}/mcp`,
    issuers: [{ issuer }],
    doctor: false,
    ...rest,
  };
}
