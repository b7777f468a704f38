// The direction of every arrow in the house. Each rule says why, because the message is all that a contributor sees.

/** Tests, and what only they use. (`testing` of core and of the chains is an entry, and shipped.) */
const TEST = [String.raw`\.(test|fixture)\.ts$`, '^packages/daemon-client/src/testing/']
const CORE = '^packages/core/'
const CHAINS = '^packages/chains/'
const SIGNERS = '^packages/signers/'
const SOURCES = '^packages/daemon-client/'
const DEVNET = '^packages/devnet/'
const EXAMPLES = '^examples/'

/** One workspace; its folder is captured as $1. */
const WORKSPACE = '^(packages/(?:chains/|signers/)?[^/]+|examples/[^/]+)/'
/** The shipped source of any package. */
const SHIPPED = '^(packages/(?:chains/|signers/)?[^/]+)/src/'
/** Packages that must run in a browser. */
const BROWSER = '^packages/(core|chains/[^/]+|signers/[^/]+|daemon-client|backup)/src/'
/** Behind an entry of such a package that is for Node alone. */
const NODE_ENTRY = [
  String.raw`^packages/daemon-client/src/(node|electrumTcp|tcpLines)\.ts$`,
  String.raw`^packages/signers/secure-storage/src/(file|file-io|file-lock|file-process|file-store|pkcs11|pkcs11-cipher|pkcs11-keys|pkcs11-session)\.ts$`,
  String.raw`^packages/backup/src/file\.ts$`,
]

/** Optional peers that only an app for a phone has. */
const PHONE_PEERS =
  '^(expo-secure-store|react-native-keychain|@capacitor/core|@aparajita/capacitor-secure-storage)$'

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    {
      name: 'core-imports-nothing-of-ours',
      comment: 'core holds the words everybody shares; an arrow out of it would make a circle of packages.',
      severity: 'error',
      from: { path: CORE, pathNot: TEST },
      to: { path: '^(packages|examples)/', pathNot: CORE },
    },
    {
      name: 'chains-know-no-signer-and-no-source',
      comment: 'A chain is pure rules: who holds keys and who talks to a network are chosen by the app.',
      severity: 'error',
      from: { path: CHAINS, pathNot: TEST },
      to: { path: [SIGNERS, SOURCES] },
    },
    {
      name: 'signers-know-no-source',
      comment: 'Signing never touches the network.',
      severity: 'error',
      from: { path: SIGNERS, pathNot: TEST },
      to: { path: SOURCES },
    },
    {
      name: 'only-the-ledger-signer-knows-chains',
      comment: 'Software signing sits in the chain and asks for Keys; only device code needs chain payloads.',
      severity: 'error',
      from: { path: SIGNERS, pathNot: [...TEST, '^packages/signers/ledger/'] },
      to: { path: CHAINS },
    },
    {
      name: 'daemon-client-knows-no-signer-and-no-chain',
      comment:
        'A source brings facts; it never sees a key, and what facts mean is the business of the chain.',
      severity: 'error',
      from: { path: SOURCES, pathNot: TEST },
      to: { path: [SIGNERS, CHAINS] },
    },
    {
      name: 'devnet-imports-only-core',
      comment: 'The devnet checks the packages from outside, so it must not be built from them.',
      severity: 'error',
      from: { path: DEVNET, pathNot: TEST },
      to: { path: '^(packages|examples)/', pathNot: [CORE, DEVNET] },
    },
    {
      name: 'only-tests-and-examples-start-a-devnet',
      comment: 'No app should install a local chain with its wallet.',
      severity: 'error',
      from: { path: '^packages/', pathNot: [...TEST, DEVNET] },
      to: { path: DEVNET },
    },
    {
      name: 'nothing-imports-an-example',
      comment: 'Examples are the last in the row: they show what a user can do with the packages.',
      severity: 'error',
      from: { path: '^packages/' },
      to: { path: EXAMPLES },
    },
    {
      name: 'packages-meet-at-their-entries',
      comment: 'Import @coffer/<name>: a relative or deep path into another package is a door no user has.',
      severity: 'error',
      from: { path: WORKSPACE },
      to: { path: '^(packages|examples)/', pathNot: '^$1/', dependencyTypesNot: ['aliased-tsconfig-paths'] },
    },
    {
      name: 'tests-of-the-house-use-entries',
      comment:
        'Tests in test/ see what a user sees; the fuzzer alone feeds decoders behind the entries, a page in a browser measures what is behind them, and so does who looks for secrets.',
      severity: 'error',
      from: { path: '^test/', pathNot: '^test/(fuzz|browser|secrets)/' },
      to: { path: '^(packages|examples)/', dependencyTypesNot: ['aliased-tsconfig-paths'] },
    },
    {
      name: 'no-package-imports-itself-by-name',
      comment: 'Inside a package use relative paths; its own name would point to the last build of it.',
      severity: 'error',
      from: { path: SHIPPED, pathNot: TEST },
      to: { path: '^$1/', dependencyTypes: ['aliased-tsconfig-paths'] },
    },
    {
      name: 'nothing-shipped-imports-a-test',
      comment: 'Tests are not published.',
      severity: 'error',
      from: { path: '^(packages|examples)/', pathNot: TEST },
      to: { path: TEST },
    },
    {
      name: 'no-circles',
      comment: 'A circle of imports hides which module comes first, and breaks on load order.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'no-dev-dependency-in-shipped-source',
      comment: 'A user does not have our devDependencies: declare it as a dependency, or an optional peer.',
      severity: 'error',
      from: { path: '^(packages|examples)/.*/src/|^packages/[^/]+/src/', pathNot: TEST },
      to: { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['npm', 'npm-peer'] },
    },
    {
      name: 'no-undeclared-dependency',
      comment: 'It works here only because npm hoists; declare it in the package.json of the package.',
      severity: 'error',
      from: {},
      to: { dependencyTypes: ['npm-no-pkg', 'npm-unknown'] },
    },
    {
      name: 'no-node-modules-in-browser-packages',
      comment: 'These packages run in a browser and on a phone as they are.',
      severity: 'error',
      from: { path: BROWSER, pathNot: [...TEST, ...NODE_ENTRY] },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'browser-code-imports-no-node-entry',
      comment: 'What is for Node alone is reached by its own entry only.',
      severity: 'error',
      from: { path: BROWSER, pathNot: [...TEST, ...NODE_ENTRY] },
      to: { path: NODE_ENTRY },
    },
    {
      name: 'no-unresolvable',
      comment: 'The import leads nowhere: a missing file, or a path that the package does not export.',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true, pathNot: PHONE_PEERS },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^(packages|examples)/.*/dist/|^packages/devnet/contracts/' },
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    combinedDependencies: true,
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default', 'types'],
      mainFields: ['module', 'main', 'types'],
    },
  },
}
