import type { Finding } from './finding.js';

/** Clock skew in seconds from which a finding is reported, and from which tokens are refused whatever is configured. */
const NOTABLE = 60;
const FATAL = 300;

/** @param skew - seconds by which the clock of `subject` is ahead of ours; `undefined` if unknown */
export function checkClock(subject: string, skew: number | undefined): Finding[] {
  if (skew === undefined || Math.abs(skew) <= NOTABLE) return [];
  return [
    {
      code: 'clock_skewed',
      severity: Math.abs(skew) > FATAL ? 'error' : 'warning',
      subject,
      message: `Its clock is ${Math.abs(skew)} seconds ${skew > 0 ? 'ahead of' : 'behind'} the clock of this machine, so valid tokens look expired, or not valid yet.`,
      fix: 'Set both clocks by NTP. `clockToleranceMs` of the issuer bridges up to five minutes until then.',
    },
  ];
}
