import type { McpOpenApiOptions } from '../openapi/declaration/open-api-options.js';
import type { FaultyOperation } from '../openapi/operations/list-operations.js';
import { listNamedScopes } from '../resource-server/access/access-rule.js';
import type { ExaminedTool } from './examined-tool.js';

/** Codes of what there is to say of a document. They are stable. */
export type WarningCode =
  | 'invalid_document'
  | 'invalid_options'
  | 'keyword_dropped'
  | 'name_changed'
  | 'no_security'
  | 'odd_operation'
  | 'operation_left_out'
  | 'too_many_tools'
  | 'write_without_scopes';

/** Something that a reviewer should know. */
export interface Warning {
  readonly code: WarningCode;
  /** Whether it would stop the boot. */
  readonly isError: boolean;
  /** Where it is: a place in the document, an operation, or an option. */
  readonly place: string;
  readonly message: string;
}

/** Finds what a server would only log, and what nobody would log. */
export function findWarnings(
  tools: readonly ExaminedTool[],
  faulty: readonly FaultyOperation[],
  { strict = false }: McpOpenApiOptions,
): readonly Warning[] {
  return [
    ...faulty.map(({ problem: { place, problem } }): Warning => ({
      code: 'operation_left_out',
      isError: strict,
      place,
      message: `${problem}. The operation is left out.`,
    })),
    ...tools.flatMap(findToolWarnings),
  ];
}

function findToolWarnings({ offered, definition }: ExaminedTool): readonly Warning[] {
  const { operation, name } = offered;
  const { access, readOnly } = definition;
  const place = `${operation.method} ${operation.path}`;
  const warnings: Warning[] = [];
  const warn = (code: WarningCode, message: string) => warnings.push({ code, isError: false, place, message });
  if (operation.id !== undefined && operation.id !== name && definition.name === name)
    warn(
      'name_changed',
      `"${operation.id}" is no name for a tool, or another operation has it, too. It is offered as "${name}".`,
    );
  const isScoped = typeof access.scopes === 'function' || listNamedScopes(access).length > 0;
  if (!isScoped && !readOnly)
    warn(
      'write_without_scopes',
      access.anonymous
        ? 'It may change something, and takes no token.'
        : 'It may change something, and any valid token is enough.',
    );
  else if (!isScoped && !access.anonymous) warn('no_security', 'It demands no scopes. Any valid token is enough.');
  return warnings;
}
