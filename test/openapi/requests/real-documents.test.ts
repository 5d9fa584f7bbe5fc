import { describe, expect, test } from '@jest/globals';
import { OpenApiDocument } from '../../../lib/openapi/documents/open-api-document.js';
import { DocumentOffers } from '../../../lib/openapi/offers/document-offers.js';
import { judgeDocument } from '../../corpus/judged-document.js';
import { StrictValidator } from '../../corpus/strict-validator.js';
import { readRecordedCases } from './request-case.js';

/** Real documents, each cut down to one path: the sample of `npm run corpus` that every run of the tests has. */
const documents = new Map(readRecordedCases().map(({ doc, path, mini }) => [`${doc} ${path}`, mini]));

describe('operations of real documents', () => {
  test('become tools whose schemas Ajv takes in strict mode', () => {
    const validator = new StrictValidator();
    const faults: string[] = [];
    for (const [name, mini] of documents) {
      const options = { downstream: 'api', document: mini };
      const document = new OpenApiDocument(name, new Map([[name, mini]]));
      const offers = new DocumentOffers(document, options, {
        scopeMap: new Map(),

        fault: () => undefined,
      });
      const { offered, faulty } = offers.describeChosen();
      faults.push(...faulty.map(({ problem }) => String(problem)));
      for (const tool of offered) {
        const fault = validator.findFault(tool.input.schema);
        if (fault !== undefined) faults.push(`${name}: ${fault}`);
        expect(tool.name).toMatch(/^[A-Za-z0-9_-]{1,64}$/);
      }
    }

    expect(documents.size).toBeGreaterThan(120);
    expect(faults).toStrictEqual([]);
  });

  test('are called as openapi-backend reads their documents, with generated arguments', async () => {
    const wrong: string[] = [];
    let right = 0;
    for (const [name, mini] of documents) {
      const judged = await judgeDocument(name, mini);
      wrong.push(...judged.wrong);
      right += judged.right;
    }

    expect(wrong).toStrictEqual([]);
    expect(right).toBeGreaterThanOrEqual(73);
  });
});
