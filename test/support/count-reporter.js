import process from 'node:process';

/** Says at the very end, behind the coverage table too, how many tests passed and failed. */
export default class CountReporter {
  #name;

  constructor(_globalConfig, { name = 'Tests' } = {}) {
    this.#name = name;
  }

  onRunComplete(_contexts, { numPassedTests, numFailedTests, numPendingTests, numRuntimeErrorTestSuites }) {
    process.once('exit', () => {
      const failed = numFailedTests + numRuntimeErrorTestSuites;
      const skipped = numPendingTests > 0 ? `, ${numPendingTests} skipped` : '';
      process.stdout.write(`${this.#name}: ${numPassedTests} passed, ${failed} failed${skipped}\n`);
    });
  }
}
