import { createManifest, describeServer } from '../manifest/create-manifest.js';
import type { Manifest, ServerManifest } from '../manifest/manifest.js';
import { examineClass } from '../openapi/offers/examine-class.js';
import { findTooManyTools } from '../openapi/search/tool-count.js';
import { EXIT, type CommandOutput } from './command-output.js';
import { describeDocument, type ExaminedDocument } from './examined-document.js';
import { readExportedDocuments, type ExportedDocument, type ExportedDocuments } from './exported-documents.js';
import { readOpenApiArguments, toDownstreamName, type OpenApiArguments } from './open-api-arguments.js';
import { checkManifest } from './manifest-check.js';
import { formatDocument, reportDocument, type ReportedDocument } from './open-api-report.js';
import type { Warning } from './warnings.js';
import { writeDocumentClass } from './written-class.js';
import { toClassFile, toManifestFile, writeOwnFile } from './written-file.js';

/**
 * `nestjs-mcp-auth openapi`: what documents would be offered as.
 *
 * @returns the exit code
 * @throws {@link UsageError} if the arguments are others
 */
export async function runOpenApi(args: readonly string[], output: CommandOutput): Promise<number> {
  const asked = readOpenApiArguments(args);
  const documents = await examineDocuments(asked);
  const reports = reportDocuments(documents);
  const errors = reports.flatMap(({ warnings }) => warnings.filter(({ isError }) => isError));
  if (errors.length > 0 || (asked.write === undefined && asked.check === undefined)) {
    const json = `${JSON.stringify({ documents: reports }, undefined, 2)}\n`;
    output.stdout.write(asked.json ? json : reports.map(formatDocument).join('\n'));
    return errors.length > 0 ? EXIT.found : EXIT.ok;
  }
  const manifest = createManifest(describeDocuments(documents));
  if (asked.check !== undefined) return await checkManifest(asked.check, manifest, asked.json, output);
  const { write = '', force } = asked;
  const text = write.endsWith('.ts') ? toClassText(write, documents, manifest) : toManifestFile(manifest);
  await writeOwnFile(write, text, force);
  output.stdout.write(`${write} is written: ${documents.map(({ tools }) => tools.length).join(' + ')} operations.\n`);
  return EXIT.ok;
}

function toClassText(path: string, documents: readonly ExaminedDocument[], manifest: Manifest): string {
  const [only, ...others] = documents;
  if (!only || others.length > 0) throw new Error('A class is written for one document. Name it');
  return toClassFile(writeDocumentClass(path, only), manifest);
}

function reportDocuments(documents: readonly ExaminedDocument[]): readonly ReportedDocument[] {
  const offering = documents.filter(({ listed }) => listed.length > 0);
  const tooMany = findTooManyTools(
    offering.map(({ name, options, listed }) => ({ name, maxTools: options.maxTools, operations: listed })),
  );
  const warnings = tooMany.map((message): Warning => ({
    code: 'too_many_tools',
    isError: true,
    place: 'maxTools',
    message,
  }));
  return documents
    .map(reportDocument)
    .map((one, index) => (index === 0 ? { ...one, warnings: [...warnings, ...one.warnings] } : one));
}

/** Documents of one downstream are described together. */
function describeDocuments(documents: readonly ExaminedDocument[]): readonly ServerManifest[] {
  const names = new Set(documents.map(({ options }) => options.downstream ?? ''));
  return [...names].map((name) => {
    const ofName = documents.filter(({ options }) => options.downstream === name);
    return describeServer(
      name,
      ofName.flatMap(({ tools }) => tools.map(({ definition }) => definition)),
    );
  });
}

/** What is asked for, with the options that the command line gives. */
async function examineDocuments(asked: OpenApiArguments): Promise<readonly ExaminedDocument[]> {
  const { document, config, options } = asked;
  const given: ExportedDocuments =
    config === undefined
      ? { classes: [{ type: Object, documents: [{ name: String(document), options: {} }] }], downstreams: new Map() }
      : await readExportedDocuments(config);
  const examined: ExaminedDocument[] = [];
  for (const { type, documents } of given.classes) {
    const all = documents.map((one): ExportedDocument => ({
      ...one,
      options: {
        ...(document !== undefined && { downstream: toDownstreamName(document) }),
        ...one.options,
        ...(document !== undefined && { document }),
        ...options,
      },
    }));
    for (const one of await examineClass(type, all, given.downstreams)) examined.push(describeDocument(type, one));
  }
  return examined;
}
