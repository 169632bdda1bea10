/** Ends a test run with one plain line of counts on standard output, so that a run that executed nothing shows. */
export default class CountReporter {
  onRunComplete(_contexts, results) {
    const failed = results.numFailedTests + results.numRuntimeErrorTestSuites;
    const skipped = results.numPendingTests > 0 ? `, ${results.numPendingTests} skipped` : '';
    this.line = `${results.numPassedTests} passed, ${failed} failed${skipped}`;
    process.stderr.write('\n');
    process.stdout.write(`${this.line}\n`);
  }

  getLastError() {
    return this.line?.startsWith('0 passed') ? new Error('no test was executed') : undefined;
  }
}
