import { expect, test } from '@jest/globals';
import { checkTokenSize } from '../../lib/doctor/token-size.js';
import { Route } from './walked.js';

const LIMIT = 16_384;

test.each<[number, readonly unknown[]]>([
  [1_000, []],
  [8_192 - 22, []],
  [8_192 - 21, [['token_large', 'warning']]],
  [14_336 - 22, [['token_large', 'warning']]],
  [14_336 - 21, [['token_large', 'error']]],
  [100_000, [['token_large', 'error']]],
])('a token of %i bytes', (size, found) => {
  const findings = checkTokenSize('a'.repeat(size), 'https://id.example', LIMIT);
  expect(findings.map(({ code, severity }) => [code, severity])).toEqual(found);
  for (const { message } of findings) expect(message).toContain(`${size + 22} bytes`);
});

test('a walk tells of a large token, and how the server takes it', async () => {
  const route = await Route.start();
  try {
    const found = await route.walk({ token: { groups: 'a-group '.repeat(1_200) } });
    expect(found.filter(({ code }) => code === 'token_large')).toEqual([
      {
        code: 'token_large',
        severity: 'warning',
        subject: route.issuer.issuer,
        text: expect.stringMatching(/Step 7: the header with the token has 1\d{4} bytes.*--max-http-header-size/),
      },
    ]);
  } finally {
    await route.close();
  }
});
