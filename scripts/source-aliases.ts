import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const root = new URL('../', import.meta.url)

/** Every `@coffer/*` entry and the source file behind it, as tsconfig.json has them. */
export function sourcePaths(): Record<string, string> {
  const { compilerOptions } = JSON.parse(readFileSync(new URL('tsconfig.json', root), 'utf8'))
  const paths = compilerOptions.paths as Record<string, [string]>
  return Object.fromEntries(Object.entries(paths).map(([entry, [file]]) => [entry, file]))
}

/** The same list as Vite aliases. */
export function sourceAliases(): { find: RegExp; replacement: string }[] {
  return Object.entries(sourcePaths()).map(([entry, file]) => ({
    find: new RegExp(`^${entry.replaceAll('.', '\\.').replace('*', '(.+)')}$`),
    replacement: fileURLToPath(new URL(file, root)).replace('*', '$1'),
  }))
}
