#!/usr/bin/env node
import { Logger } from '@nestjs/common';
import { runCommand } from './command.js';

// The report says it all.
Logger.overrideLogger(false);
const exitCode = await runCommand(process.argv.slice(2), process);
// What a configuration has opened, such as a connection to Redis, must not keep the process.
process.stdout.write('', () => process.exit(exitCode));
