import { beforeAll, describe, expect, test } from '@jest/globals';
import { loadDocument } from '../../../lib/openapi/documents/load-document.js';
import { DocumentOffers } from '../../../lib/openapi/offers/document-offers.js';
import { SiblingOperations } from '../../../lib/openapi/offers/sibling-operations.js';

const twin = { operationId: 'twin' };
const document = {
  openapi: '3.1.0',
  info: {},
  paths: { '/a': { get: { operationId: 'one' }, put: twin }, '/b': { get: twin } },
};

const options = { downstream: 'orders', document, include: 'GET /b' };

describe('an operation that a method asks for by name', () => {
  let siblings: SiblingOperations;
  beforeAll(async () => {
    const offers = new DocumentOffers(await loadDocument(options), options, {
      scopeMap: new Map(),
      fault: (option, message) => {
        throw new Error(`${option} ${message}`);
      },
    });
    siblings = new SiblingOperations(offers.operations, (operation) => offers.describe(operation));
  });

  test('may be one that is not offered, and is described once', () => {
    const found = siblings.find('one');

    expect(found.operation).toMatchObject({ method: 'GET', path: '/a' });
    expect(siblings.find('one')).toBe(found);
    expect(siblings.find('PUT /a').operation).toMatchObject({ id: 'twin' });
  });

  test.each([
    ['other', 'The document has no operation "other"'],
    ['twin', '"twin" is several operations of the document. Name one of them'],
  ])('cannot be %s', (name, problem) => {
    expect(() => siblings.find(name)).toThrow(problem);
  });
});
