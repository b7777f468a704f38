import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { CofferError, parseJson } from '@coffer/core'
import { isAlive } from '@coffer/signer-secure-storage/file'
import { readIfThere, writeWhole } from './files.ts'

/** What a running `coffer devnet` tells the other commands. */
export interface RunningDevnet {
  readonly pid: number
  /** For each chain the URL of its node. */
  readonly rpc: Readonly<Record<string, string>>
}

/** The running devnet; throws `DEVNET_UNAVAILABLE` when there is none. */
export async function readDevnet(home: string): Promise<RunningDevnet> {
  const devnet = await readIfRunning(home)
  if (devnet) return devnet
  throw new CofferError({
    code: 'DEVNET_UNAVAILABLE',
    message: 'No devnet is running. Start one in another terminal with "coffer devnet".',
  })
}

/** Throws `INVALID_REQUEST` when another process is the devnet of this home folder. */
export async function checkAlone(home: string): Promise<void> {
  const devnet = await readIfRunning(home)
  if (!devnet) return
  throw new CofferError({
    code: 'INVALID_REQUEST',
    message: `A devnet is running for ${home} already (process ${devnet.pid}).`,
  })
}

/** Announces this process as the devnet, with a store as empty as its chains. */
export async function announceDevnet(home: string, rpc: RunningDevnet['rpc']): Promise<void> {
  await rm(devnetStore(home), { recursive: true, force: true })
  await writeWhole(devnetPath(home), `${JSON.stringify({ pid: process.pid, rpc }, null, 2)}\n`)
}

export async function forgetDevnet(home: string): Promise<void> {
  await rm(devnetPath(home), { force: true })
  await rm(devnetStore(home), { recursive: true, force: true })
}

/**
 * The devnet has the chain ids of the real networks. Its nonces and payments rest apart, so that none of them is ever
 * taken for a real one.
 */
export const devnetStore = (home: string): string => join(home, 'devnet-store')

async function readIfRunning(home: string): Promise<RunningDevnet | undefined> {
  const text = await readIfThere(devnetPath(home))
  if (text === undefined) return undefined
  const devnet = parseJson(text)
  if (isDevnet(devnet)) return isAlive(devnet.pid) ? devnet : undefined
  throw new CofferError({
    code: 'INVALID_JSON',
    message: `${devnetPath(home)} is not what "coffer devnet" writes. Delete it.`,
  })
}

function isDevnet(value: unknown): value is RunningDevnet {
  const { pid, rpc } = (value ?? {}) as Record<string, unknown>
  if (!Number.isSafeInteger(pid) || (pid as number) < 1) return false
  if (typeof rpc !== 'object' || rpc === null || Array.isArray(rpc)) return false
  return Object.values(rpc).every((url) => typeof url === 'string')
}

const devnetPath = (home: string): string => join(home, 'devnet.json')
