import { join } from 'node:path';
import process from 'node:process';
import { loadDocument } from '../../lib/openapi/documents/load-document.js';
import { DocumentOffers } from '../../lib/openapi/offers/document-offers.js';
import type { LoadedAlone } from './load-alone.js';

const [directory = '', document = ''] = process.argv.slice(2);
const options = { downstream: 'api', document: join(directory, document) };
const startedAt = performance.now();
const offers = new DocumentOffers(await loadDocument(options), options, {
  scopeMap: new Map(),
  fault: () => undefined,
});
const listed = Math.round(performance.now() - startedAt);
for (const { input } of offers.describeChosen().offered) JSON.stringify(input.schema);
const described = Math.round(performance.now() - startedAt);
const loaded: LoadedAlone = {
  ...{ document, operations: offers.operations.length, listed, described },
  memory: process.resourceUsage().maxRSS * 1024,
};
process.stdout.write(JSON.stringify(loaded));
