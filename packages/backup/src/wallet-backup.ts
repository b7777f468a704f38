import {
  type AccountDescriptor,
  type ChainId,
  CofferError,
  type KeyOrigin,
  parseJson,
  type Secret,
  writeJson,
} from '@coffer/core'
import { keyBytes } from './text.ts'

/** One secret, with what people call it. */
export type BackupSecret = Secret & {
  /** Names it within the backup; accounts refer to it. */
  readonly id?: string | undefined
  readonly label?: string | undefined
  /** By chain, the height before which it was never used, so that a restore need not look further back. */
  readonly birth?: Readonly<Record<ChainId, number>> | undefined
}

/** A public account, as the wallet knows it. */
export interface BackupAccount {
  readonly chain: ChainId
  readonly index?: number | undefined
  /** Of accounts of another type than the usual one of their chain. */
  readonly type?: string | undefined
  /** The `id` of the secret that has its keys; none where it is only watched. */
  readonly secret?: string | undefined
  readonly label?: string | undefined
  /** With which others it is watched. */
  readonly group?: string | undefined
  readonly descriptor: AccountDescriptor
}

/** Everything that brings a wallet back on a clean machine. Holds secrets: it leaves a program encrypted, or not at all. */
export interface WalletBackup {
  readonly v: 1
  /** ISO 8601. */
  readonly createdAt: string
  readonly secrets: readonly BackupSecret[]
  readonly accounts: readonly BackupAccount[]
  /** Labels of BIP-329, lines of JSON, by the account's descriptor. */
  readonly labels?: Readonly<Record<string, string>> | undefined
}

/**
 * A backup as JSON, in the clear. For {@link readWalletBackup}; to keep it, use `encryptBackup`. Throws `INVALID_BACKUP` for
 * what could not be read again.
 */
export function writeWalletBackup(backup: WalletBackup): string {
  let text: string
  try {
    text = writeJson({
      ...backup,
      secrets: backup.secrets.map((secret) =>
        secret.kind === 'private-key' ? { ...secret, privateKey: toHex(secret.privateKey) } : secret,
      ),
    })
  } catch {
    // Without the cause, which may be of a secret.
    throw wrong('a part of it cannot be written')
  }
  for (const secret of readWalletBackup(text).secrets)
    if (secret.kind === 'private-key') secret.privateKey.fill(0)
  return text
}

/**
 * Reads a backup's JSON; also the file of words of this program's first version. Throws `INVALID_BACKUP`, and `UNSUPPORTED` for
 * what a later version wrote. No error repeats what it holds.
 */
export function readWalletBackup(text: string): WalletBackup {
  let value: Record<string, unknown>
  try {
    value = parseJson(text) as Record<string, unknown>
  } catch {
    throw wrong('it is no JSON')
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw wrong('it is no object')
  const { v, createdAt, secrets, accounts, labels, mnemonic, ...rest } = value
  if (v !== 1 && typeof v !== 'number') throw wrong('it does not say its version')
  if (v !== 1)
    throw new CofferError({
      code: 'UNSUPPORTED',
      message: 'This backup was written by another version. Read it with that one, or with a newer one.',
    })
  if (typeof createdAt !== 'string') throw wrong('it does not say when it was made')
  if (typeof mnemonic === 'string' && Object.keys(value).length === 3)
    return { v: 1, createdAt, secrets: [{ kind: 'mnemonic', mnemonic }], accounts: [] }
  if (
    !Array.isArray(secrets) ||
    !Array.isArray(accounts) ||
    mnemonic !== undefined ||
    Object.keys(rest).length > 0
  )
    throw wrong('parts are missing or unknown')
  const read = secrets.map(readSecret)
  const ids = read.flatMap(({ id }) => (id === undefined ? [] : [id]))
  if (new Set(ids).size < ids.length) throw wrong('two secrets have the same id')
  return {
    v: 1,
    createdAt,
    secrets: read,
    accounts: accounts.map(readAccount),
    ...(labels !== undefined && { labels: stringMap(labels, 'labels') }),
  }
}

function readSecret(value: unknown, i: number): BackupSecret {
  const { kind, id, label, birth, ...fields } = object(value, `secret ${i + 1}`)
  const common = {
    ...optional({ id, label }, `secret ${i + 1}`),
    ...(birth !== undefined && { birth: heights(birth) }),
  }
  const only = (...names: readonly string[]): void => {
    if (Object.keys(fields).some((name) => !names.includes(name)))
      throw wrong(`secret ${i + 1} has unknown parts`)
  }
  if (kind === 'mnemonic' && typeof fields['mnemonic'] === 'string') {
    only('mnemonic', 'passphrase', 'language')
    const { mnemonic, passphrase, language } = fields
    return { kind, mnemonic, ...optional({ passphrase, language }, `secret ${i + 1}`), ...common }
  }
  if (kind === 'xprv' && typeof fields['xprv'] === 'string') {
    only('xprv', 'origin', 'testnet')
    const { xprv, origin, testnet } = fields
    if (testnet !== undefined && typeof testnet !== 'boolean')
      throw wrong(`the testnet of secret ${i + 1} is neither true nor false`)
    return {
      kind,
      xprv,
      ...(origin !== undefined && { origin: readOrigin(origin) }),
      ...(testnet !== undefined && { testnet }),
      ...common,
    }
  }
  const privateKey = kind === 'private-key' ? keyBytes(fields['privateKey']) : undefined
  if (privateKey) {
    only('privateKey')
    return { kind: 'private-key', privateKey, ...common }
  }
  throw wrong(`secret ${i + 1} is of no kind that is known`)
}

function readAccount(value: unknown, i: number): BackupAccount {
  const name = `account ${i + 1}`
  const { chain, index, type, secret, label, group, descriptor, ...rest } = object(value, name)
  if (typeof chain !== 'string' || typeof descriptor !== 'string' || Object.keys(rest).length > 0)
    throw wrong(`${name} is no account`)
  if (index !== undefined && !(isCount(index) && index < 2 ** 31)) throw wrong(`${name} has a strange index`)
  return {
    chain: chain as ChainId,
    descriptor,
    ...(index !== undefined && { index }),
    ...optional({ type, secret, label, group }, name),
  }
}

function readOrigin(value: unknown): KeyOrigin {
  const { fingerprint, path, ...rest } = object(value, 'an origin')
  if (typeof fingerprint === 'string' && typeof path === 'string' && Object.keys(rest).length === 0)
    return { fingerprint, path }
  throw wrong('an origin is incomplete')
}

function heights(value: unknown): Record<ChainId, number> {
  const found = object(value, 'a birth')
  for (const height of Object.values(found)) if (!isCount(height)) throw wrong('a birth is no height')
  return found as Record<ChainId, number>
}

function stringMap(value: unknown, name: string): Record<string, string> {
  const found = object(value, name)
  for (const text of Object.values(found)) if (typeof text !== 'string') throw wrong(`${name} are no texts`)
  return found as Record<string, string>
}

function optional<K extends string>(fields: Record<K, unknown>, name: string): Partial<Record<K, string>> {
  const entries = Object.entries(fields).filter(([, value]) => value !== undefined)
  for (const [key, value] of entries)
    if (typeof value !== 'string') throw wrong(`the ${key} of ${name} is no text`)
  return Object.fromEntries(entries) as Partial<Record<K, string>>
}

function object(value: unknown, name: string): Record<string, unknown> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value))
    return value as Record<string, unknown>
  throw wrong(`${name} is no object`)
}

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0
const toHex = (bytes: Uint8Array): string =>
  Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')

function wrong(why: string): CofferError {
  return new CofferError({ code: 'INVALID_BACKUP', message: `This is no wallet backup: ${why}.` })
}
