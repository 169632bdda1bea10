/** The floors of ARCHITECTURE.md as import rules: your own floor or a lower one, never up, never round. */
const floors = [
  ['protocol', '^src/protocol/'],
  ['core', '^src/core/'],
  ['ports', '^src/(backing|auth)/'],
  ['application', '^src/push/'],
  ['edges', '^src/(transports|gateway|rest|ops)/'],
  ['root', '^src/[^/]+[.]ts$'],
];

const upward = floors.slice(0, -1).map(([name, path], index) => ({
  name: `${name}-imports-upward`,
  comment: `${name} may import from its own floor and lower ones only`,
  severity: 'error',
  from: { path },
  to: { path: floors.slice(index + 1).map(([, higher]) => higher) },
}));

module.exports = {
  forbidden: [
    ...upward,
    {
      name: 'edges-know-each-other',
      severity: 'error',
      from: { path: '^src/(transports/[^/]+|gateway|rest|ops)/' },
      to: { path: '^src/(transports/[^/]+|gateway|rest|ops)/', pathNot: ['^src/$1/', '^src/transports/[^/]+[.]ts$'] },
    },
    {
      name: 'lower-floors-know-a-framework',
      comment: 'floors 0 and 1 know neither Nest nor ws nor rxjs nor a driver',
      severity: 'error',
      from: { path: '^src/(protocol|core)/' },
      to: { dependencyTypes: ['npm', 'npm-dev', 'npm-peer', 'npm-optional', 'npm-no-pkg', 'npm-unknown'] },
    },
    {
      name: 'protocol-runs-in-a-browser',
      severity: 'error',
      from: { path: '^src/(protocol|client)/' },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'client-knows-only-the-protocol',
      severity: 'error',
      from: { path: '^src/client/' },
      to: { pathNot: ['^src/client/', '^src/protocol/'] },
    },
    {
      name: 'driver-outside-its-entry',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/backing/redis/' },
      to: { path: 'node_modules/ioredis' },
    },
    {
      name: 'demo-and-bench-use-the-package-by-its-name',
      severity: 'error',
      from: { path: '^(demo|bench)/' },
      to: { path: '^src/' },
    },
    { name: 'circle', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'deep-nest-import',
      severity: 'error',
      from: { path: '^(src|demo)/' },
      to: { path: '^@nestjs/[^/]+/.+' },
    },
    { name: 'unresolvable', severity: 'error', from: { path: '^src/' }, to: { couldNotResolve: true } },
  ],
  options: {
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    doNotFollow: { path: ['node_modules', '^dist/'] },
    exclude: { path: ['demo/dist', 'demo/public'] },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'types', 'default'] },
  },
};
