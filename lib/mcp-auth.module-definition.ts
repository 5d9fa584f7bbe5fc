import { ConfigurableModuleBuilder } from '@nestjs/common';
import type { McpAuthModuleOptions } from './mcp-auth-options.js';

export const { ConfigurableModuleClass, MODULE_OPTIONS_TOKEN, OPTIONS_TYPE, ASYNC_OPTIONS_TYPE } =
  new ConfigurableModuleBuilder<McpAuthModuleOptions>()
    .setClassMethodName('forRoot')
    .setFactoryMethodName('createMcpAuthOptions')
    .build();
