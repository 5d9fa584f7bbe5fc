import { parseArgs } from 'node:util';
import { examineConfiguration } from '../doctor/configuration-file.js';
import { report } from '../doctor/report.js';
import { examineServer } from '../doctor/server-examination.js';
import { EXIT, UsageError, type CommandOutput } from './command-output.js';
import { readCall } from './read-call.js';
import { readSecret } from './read-secret.js';

/**
 * `nestjs-mcp-auth doctor`.
 *
 * @returns the exit code
 * @throws {@link UsageError} if the arguments are others
 */
export async function runDoctor(args: readonly string[], { stdout }: CommandOutput): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      config: { type: 'string' },
      json: { type: 'boolean' },
      probe: { type: 'boolean' },
      token: { type: 'string' },
      call: { type: 'string', multiple: true },
      issuer: { type: 'string', multiple: true },
    },
  });
  const [url, ...rest] = positionals;
  if (rest.length > 0 || (url === undefined) === (values.config === undefined)) throw new UsageError();
  const { probe = false, token, call = [], issuer: issuers = [] } = values;
  if (url !== undefined && (probe || token !== undefined || issuers.length > 0)) throw new UsageError();
  if (call.length > 0 && token === undefined) throw new UsageError('--call needs --token: the API is called with it');
  const calls = call.map(readCall);
  const asked = { probe, token: token === undefined ? undefined : await readSecret(token), calls, issuers };
  const findings =
    url === undefined ? await examineConfiguration(values.config ?? '', asked) : await examineServer(url);
  stdout.write(values.json ? `${JSON.stringify({ findings }, undefined, 2)}\n` : report(findings));
  return findings.some(({ severity }) => severity === 'error') ? EXIT.found : EXIT.ok;
}
