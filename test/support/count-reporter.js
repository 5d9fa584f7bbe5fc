import process from 'node:process';

/** Says at the very end, behind the coverage table too, how many tests passed and failed. */
export default class CountReporter {
  onRunComplete(_contexts, { numPassedTests, numFailedTests, numPendingTests, numRuntimeErrorTestSuites }) {
    process.once('exit', () => {
      const failed = numFailedTests + numRuntimeErrorTestSuites;
      const skipped = numPendingTests > 0 ? `, ${numPendingTests} skipped` : '';
      process.stdout.write(`Tests: ${numPassedTests} passed, ${failed} failed${skipped}\n`);
    });
  }
}
