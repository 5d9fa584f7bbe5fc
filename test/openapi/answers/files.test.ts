import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startAnswerServer, type Answer, type AnswerServer } from './answer-server.js';

const bytes = Buffer.from([0x89, 0x50, 0xff, 0x00]);
const data = bytes.toString('base64');

const file = (type: string, more: Record<string, string> = {}): Answer => ({
  headers: { ...(type !== '' && { 'content-type': type }), ...more },
  body: bytes,
});

const blob = (mimeType: string, name: string) => ({
  type: 'resource',
  resource: { uri: `attachment:///${name}`, mimeType, blob: data },
});

const SENT: readonly (readonly [what: string, answer: Answer, block: unknown])[] = [
  ['a picture', file('image/png'), { type: 'image', data, mimeType: 'image/png' }],
  ['a picture that models do not see', file('image/tiff'), blob('image/tiff', 'getFile')],
  ['a recording', file('audio/wav'), { type: 'audio', data, mimeType: 'audio/wav' }],
  ['a PDF', file('application/pdf'), blob('application/pdf', 'getFile')],
  ['bytes without a type', file(''), blob('application/octet-stream', 'getFile')],
  [
    'a file with a name',
    file('application/zip', { 'content-disposition': 'attachment; filename="a b.zip"' }),
    blob('application/zip', 'a%20b.zip'),
  ],
  [
    'a file whose name is in another alphabet',
    file('application/zip', { 'content-disposition': `attachment; filename="x"; filename*=UTF-8''%e2%82%ac.zip` }),
    blob('application/zip', '%E2%82%AC.zip'),
  ],
  ...(
    [
      ['unquoted', 'attachment; filename=a.zip', 'a.zip'],
      ['with quotes in it', 'attachment; filename="a\\"b.zip"', 'a%22b.zip'],
      ['in Latin-1', `attachment; filename*=ISO-8859-1'de'%e9.zip`, '%C3%A9.zip'],
      ['with characters that move a cursor', `attachment; filename*=UTF-8''a%1bb.zip`, 'a%5Cu001bb.zip'],
      ['in an encoding that nobody knows', `attachment; filename*=klingon''b.zip; filename="c.zip"`, 'c.zip'],
      ['whose encoding is broken', `attachment; filename*=UTF-8''%ff.zip; filename="c.zip"`, 'c.zip'],
      ['that is a folder', 'attachment; filename=".."', 'getFile'],
      ['that is empty', 'attachment; filename=""', 'getFile'],
      ['that is missing', 'attachment', 'getFile'],
    ] as const
  ).map(
    ([what, disposition, name]) =>
      [
        `a file with a name ${what}`,
        file('application/zip', { 'content-disposition': disposition }),
        blob('application/zip', name),
      ] as const,
  ),
  [
    'a file whose name climbs',
    file('application/zip', { 'content-disposition': 'attachment; filename="../../etc/passwd"' }),
    blob('application/zip', 'passwd'),
  ],
];

const LARGE = Buffer.alloc(101);

describe.each(['express', 'fastify'] as const)('files of an API on %s', (platform) => {
  let server: AnswerServer;

  beforeAll(async () => {
    server = await startAnswerServer({
      platform,
      paths: {
        '/file': {
          get: { operationId: 'getFile', responses: { 200: { description: 'A file' } } },
          post: { operationId: 'createFile', responses: { 200: { description: 'A file' } } },
        },
      },
      answers: { maxFileSize: 100, operations: { createFile: { structured: false } } },
    });
  });
  afterAll(() => server.close());

  test.each(SENT)('are sent, and described for clients that show none: %s', async (_what, answer, block) => {
    const result = await server.answer('getFile', '/v1/file', answer);

    expect(result.content[0]).toStrictEqual(block);
    expect(JSON.parse(result.content[1]?.text ?? '')).toStrictEqual(result.structuredContent);
    expect(result.structuredContent).toMatchObject({ file: { size: bytes.length } });
  });

  test('are described in text alone, where structured content is not wanted', async () => {
    const result = await server.answer('createFile', '/v1/file', file('image/png'));

    expect(result.content).toStrictEqual([
      { type: 'image', data, mimeType: 'image/png' },
      { type: 'text', text: JSON.stringify({ file: { name: 'createFile', mediaType: 'image/png', size: 4 } }) },
    ]);
    expect(result.structuredContent).toBeUndefined();
  });

  test('are described alone if they are empty', async () => {
    const answer = { headers: { 'content-type': 'application/pdf' } };

    const result = await server.answer('getFile', '/v1/file', answer);

    const described = { file: { name: 'getFile', mediaType: 'application/pdf', size: 0 } };
    expect(result.content).toStrictEqual([{ type: 'text', text: JSON.stringify(described) }]);
    expect(result.structuredContent).toStrictEqual(described);
  });

  test.each([
    ['the size is said', { 'content-length': '101' }],
    ['the size is not said', { 'transfer-encoding': 'chunked' }],
  ])('are described alone if they are too large, where %s', async (_what, headers) => {
    const answer = { headers: { 'content-type': 'application/pdf', ...headers }, body: LARGE };

    const result = await server.answer('getFile', '/v1/file', answer);

    expect(result.content).toHaveLength(1);
    expect(result.structuredContent).toMatchObject({
      file: { name: 'getFile', mediaType: 'application/pdf' },
      leftOut: 'It is larger than 100 bytes, and is not sent.',
    });
  });
});
