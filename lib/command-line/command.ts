import { describeError } from '../errors/reason.js';
import { runClients } from './clients-command.js';
import { EXIT, UsageError, type CommandOutput } from './command-output.js';
import { runDoctor } from './doctor-command.js';
import { runManifest } from './manifest-command.js';
import { runOpenApi } from './open-api-command.js';

const USAGE = `Usage:
  nestjs-mcp-auth doctor <url>               looks an MCP server over from the outside, as a client would
  nestjs-mcp-auth doctor --config <file>     looks over the options that a JavaScript module exports, and their issuers
  nestjs-mcp-auth openapi <document>         prints what an OpenAPI document would be offered as
  nestjs-mcp-auth openapi --config <file>    the same, for the options or the classes that a JavaScript module exports
  nestjs-mcp-auth clients <url>              prints what users of an MCP server put into their clients, and which redirect URIs these have
  nestjs-mcp-auth clients --config <file>    the same, for the options that a JavaScript module exports, without asking the server
  nestjs-mcp-auth manifest --config <file>   prints which scopes reach what, for the Nest module that a JavaScript module exports

Options:
  --json   prints JSON
  --probe  (doctor --config) asks the token endpoints for what they have to refuse, with the credentials of the server
  --issuer <iss>  (doctor --config) an issuer that \`issuerResolver\` finds, to be examined with the others; repeatable
  --token <source>  (doctor --config) walks the access token of a user through the server, and calls the APIs. It is in a file, in "env:NAME", or in the standard input: "-"
  --call <request>  (doctor --token) what an API is called for: "orders:/orders/1" or "orders:HEAD /orders"; repeatable. Defaults to its baseUrl
  --help   prints this

Options of clients:
  --client <id>     one client, such as vscode; repeatable
  --client-id <id>  the client ID, if you have registered the client at the authorization server
  --name <name>     the name of the server in the clients' configurations; defaults to what the server calls itself
  --offline         does not ask the server whether it is ready for clients

Options of openapi:
  --include <choice>       an operationId, a method and path such as "GET /orders/**", or JSON such as {"tag":"public"}; repeatable
  --exclude <choice>       the same, for what is not offered
  --allow-origin <origin>  an origin that documents and their references may be fetched from; repeatable
  --accept-clear-text      plain http to these origins
  --downstream <name>      the downstream of the API; defaults to the name of the file
  --scopes <map>           JSON: the scopes of the API, each with those of the server
  --max-tools <number>     how many tools there may be
  --strict                 whatever cannot be offered is an error

Options of openapi and manifest:
  --write <file>           writes what is offered: a class to a file whose name ends in .ts (openapi only), data to .json
  --force                  writes over a file that this command did not write, or that was edited since
  --check <file>           compares what is offered with what was written

Exit codes: 0, no errors found, and nothing differs; 1, errors found, or something differs; 2, could not be run.
`;

const COMMANDS: ReadonlyMap<string | undefined, (args: readonly string[], output: CommandOutput) => Promise<number>> =
  new Map([
    ['clients', runClients],
    ['doctor', runDoctor],
    ['manifest', runManifest],
    ['openapi', runOpenApi],
  ]);

/**
 * The command `nestjs-mcp-auth`.
 *
 * @param args - arguments without the program and the script
 * @returns the exit code
 */
export async function runCommand(args: readonly string[], output: CommandOutput): Promise<number> {
  if (args.includes('--help')) {
    output.stdout.write(USAGE);
    return EXIT.ok;
  }
  const [name, ...rest] = args;
  try {
    const run = COMMANDS.get(name);
    if (!run) throw new UsageError();
    return await run(rest, output);
  } catch (error) {
    const isUsage = error instanceof UsageError && error.message === '';
    output.stderr.write(isUsage ? USAGE : `nestjs-mcp-auth: ${describeError(error)}\n`);
    return EXIT.failed;
  }
}
