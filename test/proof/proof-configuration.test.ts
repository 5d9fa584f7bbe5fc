import { describe, expect, test } from '@jest/globals';
import type { McpAuthModuleOptions } from 'nestjs-mcp-auth';
import { bootErrorOf, bootModule } from '../support/module-boot.js';

const good = {
  server: { name: 'orders', version: '1.0.0' },
  resource: 'https://mcp.example.com/mcp',
  issuers: [{ issuer: 'https://id.example.com/realms/acme' }],
};

const boot = (options: object) => bootModule({ ...good, ...options });
const bootError = (options: object) => bootErrorOf({ ...good, ...options });

/** Options for a certificate in a header that a proxy sets. */
function header(members: object): { proof: object } {
  return { proof: { mutualTls: { certificate: { header: 'Client-Cert', proxies: ['10.0.0.1'], ...members } } } };
}

describe('good options boot', () => {
  test.each<[string, NonNullable<NonNullable<McpAuthModuleOptions['proof']>['dpop']>]>([
    ['by default', {}],
    ['with all of them', { required: true, algorithms: ['ES256'], nonceSecret: 'n'.repeat(32) }],
    ['with two secrets', { nonceSecret: ['n'.repeat(32), 'o'.repeat(32)] }],
    ['with the longest life of proofs', { proofLifetimeMs: 300_000 }],
    ['with the shortest', { proofLifetimeMs: 1_000 }],
    ['with a store', { replayStore: { claim: () => true } }],
  ])('DPoP %s', async (_name, dpop) => {
    await expect(boot({ proof: { dpop } })).resolves.toBeUndefined();
  });

  test.each<[string, NonNullable<NonNullable<McpAuthModuleOptions['proof']>['mutualTls']>]>([
    ['on the socket', { certificate: 'socket' }],
    ['required', { required: true, certificate: 'socket' }],
    ['behind a proxy', { certificate: { header: 'X-Client-Cert', proxies: ['10.0.0.1'] } }],
    [
      'behind ranges of proxies',
      { certificate: { header: 'client-cert', proxies: ['10.0.0.0/8', '::1', 'fd00::/8', '::ffff:10.0.0.0/104'] } },
    ],
  ])('mutual TLS %s', async (_name, mutualTls) => {
    await expect(boot({ proof: { mutualTls } })).resolves.toBeUndefined();
  });

  test('both together', async () => {
    await expect(boot({ proof: { dpop: {}, mutualTls: { certificate: 'socket' } } })).resolves.toBeUndefined();
  });
});

describe('a bad option stops the boot with its name, the fault and the fix', () => {
  test.each<[string, object, string, RegExp]>([
    [
      'a binding that no token can have',
      { proof: { required: true } },
      '`proof.required` is set, but neither `dpop` nor `mutualTls` is',
      /Add one, or remove it/,
    ],
    ['dpop of another type', { proof: { dpop: true } }, '`proof.dpop` is of the wrong type', /object/],
    [
      'dpop with an unknown key',
      { proof: { dpop: { nonces: true } } },
      '`proof.dpop.nonces` is not an option',
      /spelling/,
    ],
    [
      'dpop required by a word',
      { proof: { dpop: { required: 'yes' } } },
      '`proof.dpop.required` is of the wrong type',
      /boolean/,
    ],
    [
      'no algorithm',
      { proof: { dpop: { algorithms: [] } } },
      '`proof.dpop.algorithms` is empty',
      /Name the algorithms, or remove it/,
    ],
    [
      'HMAC',
      { proof: { dpop: { algorithms: ['HS256'] } } },
      '`proof.dpop.algorithms[0]` has to be "RS256" or',
      /Change or remove it/,
    ],
    [
      'no signature',
      { proof: { dpop: { algorithms: ['ES256', 'none'] } } },
      '`proof.dpop.algorithms[1]` has to be',
      /Change or remove/,
    ],
    [
      'one algorithm bare',
      { proof: { dpop: { algorithms: 'ES256' } } },
      '`proof.dpop.algorithms` is of the wrong type',
      /array/,
    ],
    ...[0, 999, -1, 300_001, Number.NaN, Number.POSITIVE_INFINITY, '60000', null].map(
      (proofLifetimeMs): [string, object, string, RegExp] => [
        `proofs that live ${JSON.stringify(proofLifetimeMs)} (${String(proofLifetimeMs)})`,
        { proof: { dpop: { proofLifetimeMs } } },
        '`proof.dpop.proofLifetimeMs` is not between 1000 and 300000 milliseconds',
        /Choose a value in between/,
      ],
    ),
    [
      'a short secret',
      { proof: { dpop: { nonceSecret: 'n'.repeat(31) } } },
      '`proof.dpop.nonceSecret` has fewer than 32 characters',
      /Use 32 random ones or more/,
    ],
    [
      'an empty secret',
      { proof: { dpop: { nonceSecret: '' } } },
      '`proof.dpop.nonceSecret` has fewer than 32',
      /Use 32 random ones/,
    ],
    [
      'a short secret beside a good one',
      { proof: { dpop: { nonceSecret: ['n'.repeat(32), 'short'] } } },
      '`proof.dpop.nonceSecret[1]` has fewer than 32',
      /Use 32 random ones/,
    ],
    [
      'no secret in the list',
      { proof: { dpop: { nonceSecret: [] } } },
      '`proof.dpop.nonceSecret` is empty',
      /Name a secret, or remove it/,
    ],
    [
      'a secret of bytes',
      { proof: { dpop: { nonceSecret: Buffer.alloc(32) } } },
      '`proof.dpop.nonceSecret` is neither a secret nor a list of secrets',
      /Write one of the two/,
    ],
    ...[{}, null, 'redis://localhost', { claim: true }, { set: () => true }].map(
      (replayStore): [string, object, string, RegExp] => [
        `a store like ${JSON.stringify(replayStore)}`,
        { proof: { dpop: { replayStore } } },
        '`proof.dpop.replayStore` has no method `claim`',
        /Give an object that implements ReplayStore/,
      ],
    ),
    ['mutualTls of another type', { proof: { mutualTls: true } }, '`proof.mutualTls` is of the wrong type', /object/],
    ['mutualTls of a word', { proof: { mutualTls: 'socket' } }, '`proof.mutualTls` is of the wrong type', /object/],
    [
      'mutualTls with an unknown key',
      { proof: { mutualTls: { certificate: 'socket', ca: 'x' } } },
      '`proof.mutualTls.ca` is not an option',
      /spelling/,
    ],
    [
      'certificates required by a word',
      { proof: { mutualTls: { certificate: 'socket', required: 1 } } },
      '`proof.mutualTls.required` is of the wrong type',
      /boolean/,
    ],
    ...[undefined, null, 'header', 'Client-Cert', {}, { header: 'Client-Cert' }, { proxies: ['10.0.0.1'] }].map(
      (certificate): [string, object, string, RegExp] => [
        `a certificate from ${JSON.stringify(certificate)}`,
        { proof: { mutualTls: { certificate } } },
        '`proof.mutualTls.certificate` is neither "socket" nor `{ header, proxies }`',
        /Write one of the two/,
      ],
    ),
    [
      'proxies that are no list',
      header({ proxies: '10.0.0.1' }),
      '`proof.mutualTls.certificate` is neither',
      /proxies/,
    ],
    ['no proxies', header({ proxies: [] }), '`proof.mutualTls.certificate.proxies` is empty', /Name the proxies/],
    ...['', 'Client Cert', 'Client-Cert:', 'Clíent', 'a\r\nb'].map((name): [string, object, string, RegExp] => [
      `a header called ${JSON.stringify(name)}`,
      header({ header: name }),
      '`proof.mutualTls.certificate.header` is not the name of a header',
      /Write the one that the proxy sets/,
    ]),
    ...[
      '',
      'proxy.internal',
      'loopback',
      '10.0.0.1 ',
      '10.0.0',
      '010.0.0.1',
      '10.0.0.0/33',
      '10.0.0.0/-1',
      '10.0.0.0/',
      '10.0.0.0/8/8',
      '10.0.0.0/255.0.0.0',
      'fd00::/129',
      '10.0.0.1:443',
    ].map((proxy): [string, object, string, RegExp] => [
      `a proxy at ${JSON.stringify(proxy)}`,
      header({ proxies: ['10.0.0.1', proxy] }),
      '`proof.mutualTls.certificate.proxies[1]` is neither an IP address nor a range such as "10.0.0.0/8"',
      /Write one of the two/,
    ]),
    ...['0.0.0.0/0', '10.0.0.0/0', '::/0', '::/80', '::ffff:0:0/96', '::ffff:10.0.0.0/96'].map(
      (proxy): [string, object, string, RegExp] => [
        `a proxy anywhere, as ${proxy}`,
        header({ proxies: [proxy] }),
        '`proof.mutualTls.certificate.proxies[0]` covers every address',
        /Name the proxies only/,
      ],
    ),
    ...Object.entries({ dpop: {}, mutualTls: { certificate: 'socket' } }).map(
      ([option, value]): [string, object, string, RegExp] => [
        `${option} for nobody`,
        { issuers: undefined, access: { anonymous: true }, proof: { [option]: value } },
        `\`proof.${option}\` has no effect with \`access.anonymous\``,
        /Remove one of the two/,
      ],
    ),
  ])('%s', async (_name, options, fault, fix) => {
    const { problems } = await bootError(options);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain(fault);
    expect(problems[0]).toMatch(fix);
  });

  test('all faults are named at once', async () => {
    const { problems } = await bootError({
      proof: {
        dpop: { proofLifetimeMs: 0, nonceSecret: 'short' },
        mutualTls: { certificate: { header: 'a b', proxies: ['0.0.0.0/0', 'proxy'] } },
      },
    });
    expect(problems.map((problem) => /^`([^`]+)`/.exec(problem)?.[1])).toEqual([
      'proof.dpop.proofLifetimeMs',
      'proof.dpop.nonceSecret',
      'proof.mutualTls.certificate.header',
      'proof.mutualTls.certificate.proxies[0]',
      'proof.mutualTls.certificate.proxies[1]',
    ]);
  });

  test('the secret is not told', async () => {
    const { message } = await bootError({ proof: { dpop: { nonceSecret: 'hunter2' } } });
    expect(message).not.toContain('hunter2');
  });
});
