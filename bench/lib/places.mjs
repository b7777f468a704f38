import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const bench = fileURLToPath(new URL('../', import.meta.url))
export const root = dirname(bench)

export const readJson = (file) => JSON.parse(readFileSync(file, 'utf8'))

/** The folders of Coffer's packages, as npm linked them. */
export function cofferFolder(name) {
  return join(root, readJson(join(root, 'package-lock.json')).packages[`node_modules/${name}`].resolved)
}

/** Coffer is measured as it ships. Throws when it is not built. */
export function assertBuilt() {
  for (const name of ['core', 'evm', 'bitcoin', 'tron', 'signer-software', 'daemon-client', 'devnet'])
    if (!existsSync(join(cofferFolder(`@coffer/${name}`), 'dist/index.js')))
      throw new Error(`@coffer/${name} is not built. Run "npm ci && npm run build" in the folder above.`)
}

/** `name version` of an installed package. */
export function versionOf(name) {
  const local = join(bench, 'node_modules', name, 'package.json')
  return existsSync(local)
    ? readJson(local).version
    : readJson(join(root, 'node_modules', name, 'package.json')).version
}
