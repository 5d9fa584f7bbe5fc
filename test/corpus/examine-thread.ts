import { parentPort, workerData } from 'node:worker_threads';
import { examineDocument } from './examined-document.js';

/** One thread of the run over the corpus. */
parentPort?.on('message', (document: string) => {
  void examineDocument(workerData as string, document).then((report) => parentPort?.postMessage(report));
});
