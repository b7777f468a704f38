import { defineConfig } from 'vitest/config'
import { sourceAliases } from './scripts/source-aliases.ts'

export default defineConfig({
  // Tests run on the sources: the paths of tsconfig.json are the only list of what resolves where.
  resolve: { alias: sourceAliases() },
  test: {
    include: ['packages/**/src/**/*.test.ts', 'examples/**/src/**/*.test.ts', 'test/**/*.test.ts'],
    pool: 'forks',
    maxWorkers: 2,
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
