import { Worker } from 'node:worker_threads';

/**
 * Gives documents to threads, one after the other.
 *
 * @param script - module of the threads: it answers each name of a document with a report
 * @param onReport - called with each report
 */
export async function runThreads<Report>(
  script: URL,
  { directory, documents, threads, isOver = () => false }: ThreadWork,
  onReport: (report: Report) => void,
): Promise<void> {
  const left = [...documents];
  const runThread = () =>
    new Promise<void>((resolve, reject) => {
      const worker = new Worker(script, { workerData: directory, resourceLimits: { maxOldGenerationSizeMb: 3_000 } });
      const next = () => {
        const document = isOver() ? undefined : left.shift();
        if (document !== undefined) worker.postMessage(document);
        else
          void worker.terminate().then(() => {
            resolve();
          });
      };
      worker.on('message', (report: Report) => {
        onReport(report);
        next();
      });
      worker.on('error', reject);
      next();
    });
  await Promise.all(Array.from({ length: threads }, runThread));
}

/** What there is to do. */
export interface ThreadWork {
  readonly directory: string;
  readonly documents: readonly string[];
  readonly threads: number;
  /** Whether no further document is begun. */
  readonly isOver?: () => boolean;
}
