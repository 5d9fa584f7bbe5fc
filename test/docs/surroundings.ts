/** What the examples of the documents take for granted: things of the application that they are parts of. */
import type { HealthCheckService } from '@nestjs/terminus';
import type {
  DownstreamClient,
  LinkedAccounts,
  McpAuthHealthIndicator,
  McpAuthModule,
  McpAuthModuleOptions,
  McpRegistry,
  TokenCache,
} from 'nestjs-mcp-auth';
import { z } from 'zod';

/** What is injected into the class that an example is a part of. */
export declare class Surroundings {
  protected readonly accounts: LinkedAccounts;
  protected readonly cache: TokenCache;
  protected readonly downstream: DownstreamClient;
  protected readonly health: HealthCheckService;
  protected readonly mcpAuth: McpAuthHealthIndicator;
  protected readonly registry: McpRegistry;
}

/** Options that an example shows a part of. */
export declare const Abridged: {
  forRoot(options: Partial<McpAuthModuleOptions>): ReturnType<typeof McpAuthModule.forRoot>;
  forRootAsync(options: {
    isGlobal?: boolean;
    inject: unknown[];
    useFactory: (...injected: never[]) => Partial<McpAuthModuleOptions>;
  }): ReturnType<typeof McpAuthModule.forRootAsync>;
};

/** The arguments of a tool. */
export declare const input: z.ZodObject<{ id: z.ZodString; tenant: z.ZodString; region: z.ZodString }>;
export type Input = z.output<typeof input>;

/** Whose user it is. */
export declare const issuer: string;
export declare const subject: string;
export declare const sessionId: string;

/** A secret, and a key of the server's. */
export declare const secret: string;
export declare const key: string;
