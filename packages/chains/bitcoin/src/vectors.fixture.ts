import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'

/** A file of Bitcoin Core's test vectors, which bitcore-lib carries. */
export function coreVectors(name: string): unknown {
  const { resolve } = createRequire(import.meta.url)
  return JSON.parse(readFileSync(resolve(`bitcore-lib/test/data/${name}`), 'utf8'))
}
