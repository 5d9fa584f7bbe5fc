import { parentPort, workerData } from 'node:worker_threads';
import { judgeFile } from './judged-document.js';

/** One thread of the run that judges requests. */
parentPort?.on('message', (document: string) => {
  void judgeFile(workerData as string, document).then((report) => parentPort?.postMessage(report));
});
