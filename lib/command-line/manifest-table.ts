import { cleanText } from '../log/clean-text.js';
import { describeNeed, UNNAMED_NEEDS } from '../manifest/compare-operations.js';
import { describeSubject } from '../manifest/create-manifest.js';
import type { Manifest, ManifestOperation, ServerManifest } from '../manifest/manifest.js';
import { alignColumns } from './columns.js';

const HEADINGS = ['Scope', 'Opens', 'Needs', 'May change', 'Calls'];

/** Formats a manifest for people: a table in Markdown for each server, with a row for each operation that a scope opens. */
export function formatManifest({ servers }: Manifest): string {
  if (servers.length === 0) return 'The application has no server. Import McpAuthModule.\n';
  return servers.map(formatServer).join('\n');
}

function formatServer({ name, scopes, implied, operations }: ServerManifest): string {
  const groups = [
    ...Object.keys(scopes).map((scope) =>
      formatGroup(
        scope,
        operations.filter((one) => one.scopes.flat().includes(scope)),
      ),
    ),
    ...UNNAMED_NEEDS.map((need) =>
      formatGroup(
        need,
        operations.filter((one) => describeNeed(one) === need),
      ),
    ),
  ];
  const [headings = [], ...rows] = alignColumns([HEADINGS, ...groups.flat()]);
  const rule = headings.map((cell) => '-'.repeat(cell.length));
  const lines = [headings, rule, ...rows].map((row) => `| ${row.join(' | ')} |\n`);
  const table = rows.length > 0 ? [...lines, '\n'] : [];
  const broader = Object.entries(implied).map(
    ([scope, others]) => `${toCell(scope)} implies ${others.map(toCell).join(', ')}.\n`,
  );
  const more = broader.length > 0 ? [...broader, '\n'] : [];
  return [`## ${cleanText(name)}\n\n`, ...table, ...more, `operations: ${operations.length}\n`].join('');
}

/** The rows of a scope, which is named in the first of them. */
function formatGroup(scope: string, operations: readonly ManifestOperation[]): readonly (readonly string[])[] {
  return operations.map((operation, index) => {
    const need = describeNeed(operation);
    return [
      index === 0 ? toCell(scope) : '',
      toCell(describeSubject(operation)),
      need === scope ? '' : toCell(need),
      operation.writes ? 'yes' : '',
      operation.downstreams.map(toCell).join(', '),
    ];
  });
}

/** Text that does not end its cell. */
function toCell(text: string): string {
  return cleanText(text).replaceAll('|', String.raw`\|`);
}
