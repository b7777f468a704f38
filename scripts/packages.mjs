import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = fileURLToPath(new URL('../', import.meta.url))

/**
 * Every workspace that is published, as the globs of package.json find them.
 *
 * @returns {{ name: string, dir: string, manifest: Manifest }[]}
 *
 * @typedef {object} Manifest
 * @property {string} name
 * @property {Record<string, string | { import: { default: string }, require: { default: string } }>} exports
 * @property {Record<string, string>} [bin]
 * @property {Record<string, string>} [dependencies]
 */
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

/** @param {string} file */
export function readJson(file) {
  return JSON.parse(readFileSync(file, 'utf8'))
}
