import type { Finding } from './finding.js';

/** Clock skew in seconds from which a finding is reported, and from which tokens are refused whatever is configured. */
const NOTABLE = 60;
const FATAL = 300;

/** Seconds that are added to what would just bridge the skew. */
const MARGIN = 30;

/** @param skew - seconds by which the clock of `subject` is ahead of ours; `undefined` if unknown */
export function checkClock(subject: string, skew: number | undefined): Finding[] {
  if (skew === undefined || Math.abs(skew) <= NOTABLE) return [];
  const seconds = Math.abs(skew);
  const bridge = Math.min(seconds + MARGIN, FATAL) * 1000;
  return [
    {
      code: 'clock_skewed',
      severity: seconds > FATAL ? 'error' : 'warning',
      subject,
      message: `Its clock is ${seconds} seconds ${skew > 0 ? 'ahead of' : 'behind'} the clock of this machine (${new Date().toISOString()}), so ${skew > 0 ? 'its new tokens look not valid yet' : `its tokens expire ${seconds} seconds too early here`}.`,
      fix: `Set both clocks by NTP (\`timedatectl\` and \`chronyc tracking\` say which is wrong).${seconds > FATAL ? '' : ` Until then, \`clockToleranceMs: ${bridge}\` of the issuer bridges it.`}`,
    },
  ];
}

/** Compares our clock with the time in a token that its issuer has just made (RFC 7519 section 4.1.6). */
export function checkNewToken(issuer: string, iat: unknown): Finding[] {
  return typeof iat === 'number' ? checkClock(issuer, Math.round(iat - Date.now() / 1000)) : [];
}

/** No token was issued in the future, so the clock of its issuer is ahead of ours, by that at the least. */
export function checkOldToken(issuer: string, iat: unknown): Finding[] {
  return typeof iat === 'number' && iat * 1000 > Date.now() ? checkNewToken(issuer, iat) : [];
}
