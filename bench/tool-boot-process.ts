import { Module } from '@nestjs/common';
import { measureBoot } from './boot.js';

/** The application: this package with so many tools, or Nest alone. */
const [choice = 'empty'] = process.argv.slice(2);

@Module({})
class EmptyModule {}

// Nest alone does not pay for what the package imports.
const module = choice === 'empty' ? EmptyModule : (await import('./tools-module.js')).createToolsModule(Number(choice));
process.send?.(await measureBoot(module));
