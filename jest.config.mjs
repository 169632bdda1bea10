/** ESM mode: Nest 12 and jose are ESM only. The decorators of the sources are compiled by swc, types are checked by tsc. */
export default {
  testEnvironment: '<rootDir>/scripts/test-environment.mjs',
  roots: ['<rootDir>/test'],
  testMatch: ['**/*.spec.ts'],
  extensionsToTreatAsEsm: ['.ts'],
  moduleNameMapper: {
    '^(\\.{1,2}/.*)\\.js$': '$1',
    // As one file each, which both publish as well: every file with tests loads them anew, and they are some 500 files.
    '^class-validator$': '<rootDir>/node_modules/class-validator/bundles/class-validator.umd.js',
    '^rxjs(/operators)?$': '<rootDir>/node_modules/rxjs/dist/bundles/rxjs.umd.js',
    '^nestjs-push$': '<rootDir>/src/index.ts',
    '^nestjs-push/client$': '<rootDir>/src/client/index.ts',
    '^nestjs-push/testing$': '<rootDir>/src/testing/index.ts',
    '^nestjs-push/redis$': '<rootDir>/src/backing/redis/index.ts',
  },
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      {
        jsc: {
          target: 'es2022',
          parser: { syntax: 'typescript', decorators: true },
          transform: { legacyDecorator: true, decoratorMetadata: true },
          keepClassNames: true,
        },
        module: { type: 'es6' },
        sourceMaps: 'inline',
      },
    ],
  },
  // Nothing is asserted about time: this ends what hangs, also on a machine that is busy with something else.
  testTimeout: 90_000,
  // One more than a small machine has cores: a third of the time a file waits for what it has set off.
  maxWorkers: 3,
  workerIdleMemoryLimit: '900MB',
  testSequencer: '<rootDir>/scripts/long-tests-first.mjs',
  reporters: ['default', '<rootDir>/scripts/count-reporter.mjs'],
};
