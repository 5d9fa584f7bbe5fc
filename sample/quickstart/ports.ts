import type { QuickstartPorts } from './quickstart.js';

const variables = { mcpPort: 'MCP_PORT', authPort: 'AUTH_PORT', apiPort: 'API_PORT' } as const;
const defaults: QuickstartPorts = { mcpPort: 3000, authPort: 3001, apiPort: 3002 };

/** An error that tells its reader all there is to know: its message is shown without a stack. */
export class PortError extends Error {}

export function portsFrom(environment: NodeJS.ProcessEnv): QuickstartPorts {
  return {
    mcpPort: portFrom(environment, 'mcpPort'),
    authPort: portFrom(environment, 'authPort'),
    apiPort: portFrom(environment, 'apiPort'),
  };
}

function portFrom(environment: NodeJS.ProcessEnv, key: keyof QuickstartPorts): number {
  const value = environment[variables[key]] ?? '';
  if (value === '') return defaults[key];
  const port = Number(value);
  if (!/^\d+$/.test(value) || port > 65535) {
    throw new PortError(`${variables[key]} must be a port, from 0 (any that is free) to 65535, and not "${value}".`);
  }
  return port;
}

/** Says which variable to change when a port is taken; any other error is returned as it is. */
export function explainPortError(error: unknown, ports: QuickstartPorts): unknown {
  const { code, port } = error as NodeJS.ErrnoException & { port?: number };
  if (code !== 'EADDRINUSE' && code !== 'EACCES') return error;
  const keys = Object.keys(variables) as (keyof QuickstartPorts)[];
  const names = keys.filter((key) => ports[key] === port).map((key) => variables[key]);
  const reason = code === 'EADDRINUSE' ? 'is in use' : 'may not be used';
  return new PortError(`Port ${port ?? ''} ${reason}. Set ${names.join(' or ')} to another one.`);
}
