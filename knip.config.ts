import { relative } from 'node:path'
import type { KnipConfig } from 'knip'
import { publishedPackages, root } from './scripts/packages.mjs'
import { sourcePaths } from './scripts/source-aliases.ts'

/** What tests use in a way that cannot be seen here. */
const ignored: Record<string, { dependencies: string[]; binaries: string[] }> = {
  'packages/signers/secure-storage': {
    // Optional peers of phones, imported lazily.
    dependencies: [
      '@aparajita/capacitor-secure-storage',
      '@capacitor/core',
      'expo-secure-store',
      'react-native-keychain',
    ],
    binaries: ['softhsm2-util', 'pkcs11-tool'],
  },
  'packages/backup': {
    dependencies: [],
    // Another implementation to compare with, and the terminal it asks at.
    binaries: ['age', 'script'],
  },
  'packages/chains/bitcoin': {
    // Only its files of test vectors are read.
    dependencies: ['bitcore-lib'],
    // Another wallet to compare with, where it is installed.
    binaries: ['electrum'],
  },
}

/** The public doors of each package: the paths of tsconfig.json and the programs of `bin`. */
const packages = Object.fromEntries(
  publishedPackages().map(({ dir, manifest }) => {
    const workspace = relative(root, dir).replaceAll('\\', '/')
    const doors = Object.values(sourcePaths())
      .filter((file) => file.startsWith(`./${workspace}/`))
      .map((file) => file.slice(workspace.length + 3))
    const programs = Object.values(manifest.bin ?? {}).map((file) =>
      file.replace('./dist/', 'src/').replace(/\.js$/, '.ts'),
    )
    return [
      workspace,
      {
        entry: [...doors, ...programs],
        project: 'src/**/*.ts',
        // Tests may import any of ours without a manifest that says so: it would make circles of packages.
        // test/house.test.ts compares what is shipped with the manifests.
        ignoreDependencies: [/^@coffer\//, ...(ignored[workspace]?.dependencies ?? [])],
        ignoreBinaries: ignored[workspace]?.binaries ?? [],
      },
    ]
  }),
)

const config: KnipConfig = {
  // A type that a signature in the same file names may be exported for its readers.
  ignoreExportsUsedInFile: { interface: true, type: true },
  workspaces: {
    '.': {
      entry: ['test/smoke/{probe,use-ledger}.{cjs,mjs}', 'test/browser/*.ts', 'scripts/*.mjs'],
      project: ['*.{ts,mjs,cjs}', 'scripts/**', 'test/**'],
      // Named to scripts/each-package.mjs on the command line.
      ignoreDependencies: ['publint', '@arethetypeswrong/cli'],
    },
    ...packages,
  },
}

export default config
