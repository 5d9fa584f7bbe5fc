import { ConfigurableModuleBuilder } from '@nestjs/common';
import type { McpAuthModuleOptions } from './configuration/mcp-auth-options.js';

/** What is said of the module itself, beside its options. */
interface ModuleExtras {
  /**
   * Whether what the module exports (`DownstreamClient`, `TokenCache`, `LinkedAccounts`, `McpRegistry` and
   * `McpAuthHealthIndicator`) can be injected everywhere; `false`: in modules that import this one. Tools are found
   * everywhere in any case. Defaults to `true`.
   */
  isGlobal?: boolean;
}

export const { ConfigurableModuleClass, MODULE_OPTIONS_TOKEN, OPTIONS_TYPE, ASYNC_OPTIONS_TYPE } =
  new ConfigurableModuleBuilder<McpAuthModuleOptions>()
    .setClassMethodName('forRoot')
    .setFactoryMethodName('createMcpAuthOptions')
    .setExtras<ModuleExtras>({ isGlobal: true }, (definition, { isGlobal = true }) => ({
      ...definition,
      global: isGlobal,
    }))
    .build();
