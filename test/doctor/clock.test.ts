import { afterEach, describe, expect, test } from '@jest/globals';
import { Clinic, HEALTHY, METADATA, type PatientParts } from './examined.js';

const clinic = new Clinic();
afterEach(() => clinic.close());

describe('the clock of an issuer', () => {
  const shifted = (seconds: number, headers: Record<string, string> = {}): PatientParts => ({
    issuer: (issuer) =>
      issuer.answers.set(METADATA, (_request, response) => {
        const date = new Date(Date.now() + seconds * 1000).toUTCString();
        response.writeHead(200, { 'content-type': 'application/json', date, ...headers });
        response.end(JSON.stringify({ ...issuer.metadata(), ...HEALTHY }));
      }),
  });

  test.each<[number, string, RegExp]>([
    [90, 'warning', /^Its clock is \d+ seconds ahead of/],
    [-90, 'warning', /^Its clock is \d+ seconds behind/],
    [3600, 'error', /ahead of/],
    [-3600, 'error', /behind/],
  ])('that is off by %d seconds is found: %s', async (seconds, severity, message) => {
    expect(await clinic.examine(shifted(seconds))).toEqual([
      {
        code: 'clock_skewed',
        severity,
        subject: clinic.issuers[0]?.issuer,
        message: expect.stringMatching(message),
        fix: expect.stringContaining('NTP'),
      },
    ]);
  });

  test.each<[string, PatientParts]>([
    ['is a little off', shifted(30)],
    ['told it to a cache an hour ago', shifted(-3600, { age: '3600' })],
    ['does not tell it', shifted(0, { date: 'today' })],
  ])('is not complained of where it %s', async (_name, parts) => {
    expect(await clinic.examine(parts)).toEqual([]);
  });
});
