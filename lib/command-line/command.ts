import { parseArgs } from 'node:util';
import { describeError } from '../errors/reason.js';
import { examineConfiguration } from '../doctor/configuration-file.js';
import { report } from '../doctor/report.js';
import { examineServer } from '../doctor/server-examination.js';

const USAGE = `Usage:
  nestjs-mcp-auth doctor <url>             looks an MCP server over from the outside, as a client would
  nestjs-mcp-auth doctor --config <file>   looks over the options that a JavaScript module exports, and their issuers

Options:
  --json   prints the findings as JSON
  --help   prints this

Exit codes: 0, no errors found; 1, errors found; 2, could not be run.
`;

/** Where a command writes its output. */
export interface CommandOutput {
  readonly stdout: { write(text: string): unknown };
  readonly stderr: { write(text: string): unknown };
}

/**
 * The command `nestjs-mcp-auth`.
 *
 * @param args - arguments without the program and the script
 * @returns the exit code
 */
export async function runCommand(args: readonly string[], { stdout, stderr }: CommandOutput): Promise<number> {
  try {
    const { values, positionals } = parse(args);
    if (values.help) {
      stdout.write(USAGE);
      return 0;
    }
    const [command, url, ...rest] = positionals;
    if (command !== 'doctor' || rest.length > 0 || (url === undefined) === (values.config === undefined)) {
      stderr.write(USAGE);
      return 2;
    }
    const findings = url === undefined ? await examineConfiguration(values.config ?? '') : await examineServer(url);
    stdout.write(values.json ? `${JSON.stringify({ findings }, undefined, 2)}\n` : report(findings));
    return findings.some(({ severity }) => severity === 'error') ? 1 : 0;
  } catch (error) {
    stderr.write(`nestjs-mcp-auth: ${describeError(error)}\n`);
    return 2;
  }
}

function parse(args: readonly string[]) {
  return parseArgs({
    args: [...args],
    allowPositionals: true,
    options: { config: { type: 'string' }, json: { type: 'boolean' }, help: { type: 'boolean' } },
  });
}
