import { cleanText } from '../log/clean-text.js';
import type { Finding } from './finding.js';

const SEVERITIES = ['error', 'warning', 'info'] as const;

/** Formats findings for people, the worst first. */
export function report(findings: readonly Finding[]): string {
  const blocks = SEVERITIES.flatMap((severity) => findings.filter((finding) => finding.severity === severity)).map(
    ({ severity, code, subject, message, fix }) =>
      `${severity.toUpperCase()} ${code}\n  ${cleanText(subject)}\n  ${cleanText(message)}\n  Fix: ${cleanText(fix)}\n`,
  );
  const [errors, warnings, notes] = SEVERITIES.map(
    (severity) => findings.filter((finding) => finding.severity === severity).length,
  );
  return [...blocks, `errors: ${errors}, warnings: ${warnings}, notes: ${notes}\n`].join('\n');
}
