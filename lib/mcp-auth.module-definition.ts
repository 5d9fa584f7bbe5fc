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

const built = new ConfigurableModuleBuilder<McpAuthModuleOptions>()
  .setClassMethodName('forRoot')
  .setFactoryMethodName('createMcpAuthOptions')
  .setExtras<ModuleExtras>({ isGlobal: true }, (definition, { isGlobal = true }) => ({
    ...definition,
    global: isGlobal,
  }))
  .build();

/** The base of the module, with `forRoot` and `forRootAsync` as Nest builds them. */
export const ConfigurableModuleClass = built.ConfigurableModuleClass;

/** Token of the options as they were written. */
export const MODULE_OPTIONS_TOKEN = built.MODULE_OPTIONS_TOKEN;

/** What `forRoot` takes; a type alone. */
export const OPTIONS_TYPE = built.OPTIONS_TYPE;

/** What `forRootAsync` takes; a type alone. */
export const ASYNC_OPTIONS_TYPE = built.ASYNC_OPTIONS_TYPE;
