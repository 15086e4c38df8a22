/** The import rule: a folder imports only what stands below it, and only through its door, `index.ts`. */
const mayImport = {
  base: [],
  task: ['base'],
  service: ['base', 'task'],
  port: ['base'],
  instrument: ['base', 'task', 'service', 'port'],
  journal: ['base', 'instrument'],
  sinks: ['base', 'journal', 'instrument'],
  wire: ['base', 'task', 'service'],
  server: ['base', 'task', 'service', 'wire', 'journal'],
  client: ['base', 'task', 'service', 'wire'],
  dashboards: ['base', 'instrument', 'config'],
  config: ['base', 'instrument'],
  gateway: ['base', 'task', 'service', 'port', 'instrument', 'journal', 'sinks', 'server', 'config'],
};

const folderRules = Object.entries(mayImport).map(([folder, below]) => ({
  name: `${folder}-imports-only-what-is-below`,
  severity: 'error',
  from: { path: `^src/${folder}/` },
  to: { path: '^(src|drivers|devices|mocks)/', pathNot: `^src/((${[folder, ...below].join('|')})/|version\\.ts$)` },
}));

export default {
  forbidden: [
    ...folderRules,
    {
      name: 'a-folder-is-entered-by-its-door',
      comment: 'Another folder is imported through its index.ts only.',
      severity: 'error',
      from: { path: '^src/([^/]+)/' },
      to: { path: '^src/[^/]+/', pathNot: ['^src/$1/', '^src/[^/]+/index\\.ts$'] },
    },
    {
      name: 'drivers-and-mocks-use-the-public-face',
      severity: 'error',
      from: { path: '^(drivers|mocks)/' },
      to: { path: '^src/', pathNot: '^src/index\\.ts$' },
    },
    {
      name: 'drivers-and-mocks-stand-apart',
      severity: 'error',
      from: { path: '^(drivers|mocks)/' },
      to: { path: '^(drivers|mocks)/', pathNot: '^$1/' },
    },
    { name: 'no-circles', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'only-declared-packages',
      severity: 'error',
      from: { path: '^(src|drivers|mocks)/' },
      to: { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown', 'unknown', 'undetermined'] },
    },
    { name: 'nothing-unresolved', severity: 'error', from: {}, to: { couldNotResolve: true } },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    parser: 'swc',
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default', 'types'] },
  },
};
