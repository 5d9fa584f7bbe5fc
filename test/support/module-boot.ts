import { Test } from '@nestjs/testing';
import { errors, McpAuthModule, type McpAuthModuleOptions } from 'nestjs-mcp-auth';
import { RecordingLogger } from './recording-logger.js';

/** Boots an application that has the module alone, and ends it. */
export async function bootModule(options: McpAuthModuleOptions): Promise<void> {
  const testing = await Test.createTestingModule({ imports: [McpAuthModule.forRoot(options)] })
    .setLogger(new RecordingLogger())
    .compile();
  const app = testing.createNestApplication();
  await app.init();
  await app.close();
}

/** What stops the boot. */
export async function bootErrorOf(options: McpAuthModuleOptions): Promise<errors.McpAuthConfigurationError> {
  try {
    await bootModule(options);
  } catch (error) {
    if (error instanceof errors.McpAuthConfigurationError) return error;
    throw error;
  }
  throw new Error('It booted');
}
