import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = fileURLToPath(new URL('../', import.meta.url))

/** Every workspace that goes to the registry: `{ name, dir, manifest }`, as the globs of package.json find them. */
export function publishedPackages() {
  const { workspaces } = readJson(join(root, 'package.json'))
  return workspaces
    .map((glob) => join(root, glob.replace(/\/\*$/, '')))
    .filter((folder) => existsSync(folder))
    .flatMap((folder) => readdirSync(folder).map((entry) => join(folder, entry)))
    .filter((dir) => existsSync(join(dir, 'package.json')))
    .map((dir) => ({ dir, manifest: readJson(join(dir, 'package.json')) }))
    .filter(({ manifest }) => !manifest.private)
    .map(({ dir, manifest }) => ({ name: manifest.name, dir, manifest }))
}

export function readJson(file) {
  return JSON.parse(readFileSync(file, 'utf8'))
}
