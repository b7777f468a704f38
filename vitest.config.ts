import { configDefaults, defineConfig } from 'vitest/config'
import { sourceAliases } from './scripts/source-aliases.ts'

/**
 * Many small files of plain functions and fakes: a process runs one after the other and reads the sources once. Not those that put
 * something in the place of a module, or choose the engine of a whole process.
 */
const TOGETHER = [
  'packages/core/src/!(bip32-hd|bulk|hd-many).test.ts',
  'packages/chains/{evm,tron}/src/*.test.ts',
  'packages/chains/bitcoin/src/!(derive|fees|payload).test.ts',
]

export default defineConfig({
  // Tests run on the sources: the paths of tsconfig.json are the only list of what resolves where.
  resolve: { alias: sourceAliases() },
  test: {
    projects: [
      {
        extends: true,
        test: {
          name: 'alone',
          include: ['packages/**/src/**/*.test.ts', 'examples/**/src/**/*.test.ts', 'test/**/*.test.ts'],
          exclude: [...configDefaults.exclude, ...TOGETHER],
        },
      },
      { extends: true, test: { name: 'together', include: TOGETHER, isolate: false } },
    ],
    pool: 'forks',
    // One more than the cores of a small machine: many tests wait for a clock, not for a core.
    maxWorkers: 3,
    testTimeout: 30_000,
    hookTimeout: 60_000,
    // What is waited for comes late on a busy machine, and its second is over.
    expect: { poll: { timeout: 10_000 } },
    coverage: {
      provider: 'v8',
      include: ['packages/**/src/**/*.ts'],
      exclude: ['**/*.{test,fixture}.ts', '**/testing/**', '**/testing.ts'],
    },
  },
})
