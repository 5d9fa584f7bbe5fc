import type { ResolvedOptions } from '../options/resolved-options.js';
import type { ExaminedTool } from './downstream-checks.js';
import type { Finding } from './finding.js';

/** Checks that the server has something to offer. */
export function checkOffers(offers: readonly ExaminedTool[], { resource }: ResolvedOptions): Finding[] {
  if (offers.length > 0) return [];
  return [
    {
      code: 'nothing_offered',
      severity: 'warning',
      subject: resource,
      message: 'It has no tool, resource or prompt, so clients find nothing.',
      fix: 'Put the classes with @McpTool into `providers` of a module that the application imports. Where `McpRegistry` adds tools later, all is well.',
    },
  ];
}
