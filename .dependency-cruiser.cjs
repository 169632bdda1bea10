/**
 * The floors of ARCHITECTURE.md as import rules: your own floor or a lower one, never up, never round. Types count like
 * values. test/house/ seeds a breach of every rule and sees it reported.
 */
const floors = [
  ['protocol', '^src/protocol/'],
  ['core', '^src/core/'],
  ['ports', '^src/(backing|auth)/'],
  ['application', '^src/push/'],
  ['edges', '^src/(transports|gateway|rest|ops|documents|console)/'],
  ['root', '^src/[^/]+[.]ts$'],
];
/** Entries of their own beside the main one; `redis` is a folder of floor 2. */
const sideEntries = ['^src/client/', '^src/testing/', '^src/console-page/'];
const drivers = ['ioredis'];
/** What only those hosts have installed that ask for metrics or traces. */
const watchers = ['prom-client', '@opentelemetry/api'];

const packageTypes = ['npm', 'npm-dev', 'npm-peer', 'npm-optional', 'npm-bundled', 'npm-no-pkg', 'npm-unknown'];
const anyPathOf = (names) => `(^|node_modules/)(${names.join('|')})(/|$)`;

const upward = floors.slice(0, -1).map(([name, path], index) => ({
  name: `${name}-imports-upward`,
  comment: `${name} may import from its own floor and lower ones only`,
  severity: 'error',
  from: { path },
  to: { path: [...floors.slice(index + 1).map(([, higher]) => higher), ...sideEntries] },
}));

module.exports = {
  forbidden: [
    ...upward,
    {
      name: 'folder-without-a-floor',
      comment: 'a new folder of src belongs to a floor: name it above, or it escapes the rules',
      severity: 'error',
      from: { path: '^src/', pathNot: [...floors.map(([, path]) => path), ...sideEntries] },
      to: {},
    },
    {
      name: 'edges-know-each-other',
      comment: 'parts of floor 4 meet on the floors below; what transports share lies in src/transports itself',
      severity: 'error',
      from: { path: '^src/(transports/[^/]+|gateway|rest|ops|documents|console)/' },
      to: {
        path: '^src/(transports/[^/]+|gateway|rest|ops|documents|console)/',
        pathNot: ['^src/$1/', '^src/transports/[^/]+[.]ts$'],
      },
    },
    {
      name: 'lower-floors-know-a-package',
      comment: 'floors 0 and 1 know neither Nest nor ws nor rxjs nor a driver',
      severity: 'error',
      from: { path: '^src/(protocol|core)/' },
      to: { dependencyTypes: packageTypes },
    },
    {
      name: 'browser-code-imports-node',
      comment: 'the protocol, the client and the page of the console also run in a browser',
      severity: 'error',
      from: { path: '^src/(protocol|client|console-page)/' },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'client-knows-more-than-the-protocol',
      severity: 'error',
      from: { path: '^src/client/' },
      to: { pathNot: ['^src/client/', '^src/protocol/'] },
    },
    {
      name: 'console-page-knows-more-than-the-client',
      comment: 'the page is bundled with the client and its one library, and comes to a browser as a file',
      severity: 'error',
      from: { path: '^src/console-page/' },
      to: { pathNot: ['^src/(console-page|client|protocol)/', anyPathOf(['preact'])] },
    },
    {
      name: 'driver-outside-its-entry',
      comment: 'a host that keeps all in memory has no driver installed',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/backing/redis/' },
      to: { path: [anyPathOf(drivers), '^src/backing/redis/'] },
    },
    {
      name: 'optional-peer-outside-ops',
      comment: 'only src/ops asks for what may not be installed, and only when it is wanted',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/ops/' },
      to: { path: anyPathOf(watchers) },
    },
    {
      name: 'undeclared-package',
      comment: 'what src imports, even as a type, is a dependency or a peer: a host has no devDependencies of ours',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/console-page/' },
      to: {
        dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'],
        dependencyTypesNot: ['npm', 'npm-peer'],
      },
    },
    {
      name: 'source-imports-what-is-not-shipped',
      severity: 'error',
      from: { path: '^src/' },
      to: { path: '^(demo|bench|test|scripts)/' },
    },
    {
      name: 'deep-nest-import',
      comment: "only a package's own entry is public; Nest 12 exports every file, Nest 11 none the same way",
      severity: 'error',
      from: { path: '^(src|demo)/' },
      to: {
        path: '(^|/)node_modules/@nestjs/[^/]+/',
        pathNot: 'node_modules/@nestjs/[^/]+/(dist/)?index[.](d[.]ts|js)$',
      },
    },
    {
      name: 'package-not-by-its-name',
      comment: 'the demo and the bench use the package as a host does',
      severity: 'error',
      from: { path: '^(demo|bench)/' },
      to: { path: '^src/', dependencyTypesNot: ['aliased'] },
    },
    {
      name: 'conformance-knows-the-inside',
      comment: 'test/conformance asks a running server by its URL whether it obeys PROTOCOL.md',
      severity: 'error',
      from: { path: '^test/conformance/' },
      to: { path: '^src/' },
    },
    { name: 'circle', severity: 'error', from: {}, to: { circular: true } },
    { name: 'unresolvable', severity: 'error', from: { path: '^src/' }, to: { couldNotResolve: true } },
  ],
  options: {
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    doNotFollow: { path: ['node_modules', '^dist/'] },
    exclude: { path: ['^demo/dist', '^demo/public', '^test/package/hosts'] },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['types', 'import', 'default'] },
  },
};
