#!/usr/bin/env node
import { Logger } from '@nestjs/common';
import { runCommand } from './command.js';

// The report contains everything, so the log is off.
Logger.overrideLogger(false);
const exitCode = await runCommand(process.argv.slice(2), process);
// Open connections of a configuration, such as one to Redis, must not keep the process alive.
process.stdout.write('', () => process.exit(exitCode));
