/**
 * Counts a test run in one plain line, such as `412 passed, 0 failed`, and fails a run that executed nothing. The line
 * goes to scripts/test.mjs, which prints it after all that Jest prints; without that parent it goes to standard output.
 */
export default class CountReporter {
  #executed = 0;

  onRunComplete(_contexts, results) {
    const failed = results.numFailedTests + results.numRuntimeErrorTestSuites;
    const skipped = results.numPendingTests > 0 ? `, ${results.numPendingTests} skipped` : '';
    const count = `${results.numPassedTests} passed, ${failed} failed${skipped}`;
    this.#executed = results.numPassedTests + failed;
    if (process.send) process.send({ count });
    else process.stdout.write(`${count}\n`);
  }

  getLastError() {
    return this.#executed === 0 ? new Error('no test was executed') : undefined;
  }
}
