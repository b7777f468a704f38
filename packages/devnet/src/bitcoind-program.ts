import { constants } from 'node:fs'
import { access, stat } from 'node:fs/promises'
import { homedir } from 'node:os'
import { delimiter, join, resolve } from 'node:path'
import { CofferError } from '@coffer/core'
import { fetchBitcoind } from './bitcoind-package.ts'
import type { NodeOptions } from './node.ts'
import { throwIfAborted } from './supervise.ts'

/**
 * The bitcoind of this machine: the one that `BITCOIND` names, else one on the `PATH`, else the unpacked package in the
 * user's cache folder, which is fetched first where apt can (Debian, amd64 and arm64). Throws `DEVNET_UNAVAILABLE` where
 * there is none.
 */
export async function bitcoindProgram(options: NodeOptions): Promise<string> {
  const named = process.env.BITCOIND
  if (named) {
    if (await isProgram(named)) return resolve(named)
    throw new CofferError({
      code: 'DEVNET_UNAVAILABLE',
      message: `There is no program at ${named}, which the environment variable BITCOIND names.`,
    })
  }
  const name = process.platform === 'win32' ? 'bitcoind.exe' : 'bitcoind'
  for (const folder of (process.env.PATH ?? '').split(delimiter)) {
    if (folder && (await isProgram(join(folder, name)))) return resolve(folder, name)
  }
  const folder = join(cacheFolder(), 'coffer', `bitcoind-${process.arch}`)
  const program = join(folder, 'bitcoind')
  if (await isProgram(program)) return program
  try {
    await fetchBitcoind(folder, options)
    return program
  } catch (cause) {
    throwIfAborted(options.signal)
    throw new CofferError({
      code: 'DEVNET_UNAVAILABLE',
      message: `bitcoind is missing, and ${(cause as Error).message}. Install Bitcoin Core or Knots, or set the environment variable BITCOIND to a bitcoind program.`,
      cause,
    })
  }
}

/** Where programs of this user keep what they can fetch again. */
export function cacheFolder(): string {
  const { XDG_CACHE_HOME, LOCALAPPDATA } = process.env
  if (XDG_CACHE_HOME) return resolve(XDG_CACHE_HOME)
  if (process.platform === 'win32') return LOCALAPPDATA || join(homedir(), 'AppData', 'Local')
  return process.platform === 'darwin' ? join(homedir(), 'Library', 'Caches') : join(homedir(), '.cache')
}

async function isProgram(path: string): Promise<boolean> {
  return Promise.all([stat(path), access(path, constants.X_OK)]).then(
    ([found]) => found.isFile(),
    () => false,
  )
}
