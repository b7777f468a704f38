import { defineConfig } from 'vite'
import { sourceAliases } from '../../scripts/source-aliases.ts'

export default defineConfig({
  // In this repository the packages are taken from their sources; an app needs none of this.
  resolve: { alias: sourceAliases() },
  build: { target: 'es2022' },
})
