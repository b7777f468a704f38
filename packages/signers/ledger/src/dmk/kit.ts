import { CofferError } from '@coffer/core'
import { loadPeer } from '../peer.ts'

/** Packages of which a kit needs another version than the newest. */
const VERSIONS: Readonly<Record<string, string>> = { 'bitcoinjs-lib': 'bitcoinjs-lib@6' }

/**
 * Loads one of Ledger's signer kits. Throws `MISSING_DEPENDENCY` for the kit and for what it needs itself.
 *
 * The kits' ES modules leave out the endings of their files: bundlers understand that, Node does not, and is given their
 * CommonJS form. An app on Node has to load the Device Management Kit in the same way.
 */
export async function loadKit<T>(name: string, load: () => Promise<unknown>): Promise<T> {
  return loadPeer<T>(name, async () => {
    try {
      try {
        return await load()
      } catch (error) {
        if (!isForBundlersOnly(error)) throw error
        return requireInNode(name, error)
      }
    } catch (cause) {
      const missing = /Cannot find (?:module|package) '([^'./\\][^']*)'/.exec(
        String((cause as Error).message),
      )
      if (missing?.[1] === undefined || missing[1].startsWith(name) || /^[a-z]:/i.test(missing[1]))
        throw cause
      const [, needed] = missing
      throw new CofferError({
        code: 'MISSING_DEPENDENCY',
        message: `${name} needs the package ${needed}, which is not installed. Run: npm install ${VERSIONS[needed] ?? needed}`,
        details: { package: needed },
        cause,
      })
    }
  })
}

function isForBundlersOnly(error: unknown): boolean {
  const { code, message } = error as { code?: unknown; message?: unknown }
  const isUnresolved = code === 'ERR_MODULE_NOT_FOUND' || code === 'ERR_UNSUPPORTED_DIR_IMPORT'
  return isUnresolved && /@ledgerhq[\\/][\w-]+[\\/]lib[\\/]esm/.test(String(message))
}

/** Node's `require` from where the app is. */
function requireInNode(name: string, error: unknown): unknown {
  const { process } = globalThis as {
    process?: {
      argv: readonly string[]
      cwd(): string
      getBuiltinModule?(id: 'module'): { createRequire(from: string): (name: string) => unknown }
    }
  }
  const node = process?.getBuiltinModule?.('module')
  if (!process || !node) throw error
  try {
    return node.createRequire(process.argv[1] ?? `${process.cwd()}/`)(name)
  } catch (cause) {
    if (!String((cause as Error).message).includes(`'${name}'`)) throw cause
    return node.createRequire(`${process.cwd()}/`)(name)
  }
}
