import { CofferError } from '@coffer/core'
import { readNamed } from './files.ts'
import type { Io } from './io.ts'
import { prompts } from './prompts.ts'

const ELSEWHERE = 'Put the passphrase into a file that only you can read, and name it with --passphrase-file.'

/** The passphrase of the vault: from a file, or asked for. Never from an argument, which others on the machine can see. */
export async function askPassphrase(io: Io, file: string | undefined): Promise<string> {
  const path = file ?? usualFile(io)
  if (path) return firstLine(path)
  return prompts(io, ELSEWHERE).secret('Passphrase of the wallet', (typed) =>
    typed === '' ? 'Nothing was typed.' : undefined,
  )
}

/** Below this, whoever copies the vault tries every passphrase within days. */
const SHORTEST_PASSPHRASE = 8

/** A passphrase for a new vault, from a file, or asked for twice. Throws `WEAK_PASSWORD`. */
export function askNewPassphrase(io: Io, file: string | undefined): Promise<string> {
  return askOtherPassphrase(io, file ?? usualFile(io))
}

/** A passphrase in place of that of the vault, which is the one that the variable names. Throws `WEAK_PASSWORD`. */
export async function askOtherPassphrase(io: Io, file: string | undefined): Promise<string> {
  if (file) {
    const given = await firstLine(file)
    checkPassphrase(given)
    return given
  }
  const ask = prompts(io, ELSEWHERE)
  const first = await ask.secret(
    `New passphrase for the wallet, ${SHORTEST_PASSPHRASE} characters or more`,
    problemOf,
  )
  await ask.secret('The same once more', (second) =>
    second === first ? undefined : 'That was something else.',
  )
  return first
}

/** The passphrase of an existing backup. */
export async function askBackupPassphrase(io: Io, file: string | undefined): Promise<string> {
  if (file !== undefined) return firstLine(file)
  return prompts(io, 'Put it into a file, and name that with --backup-passphrase-file.').secret(
    'Passphrase of the backup',
  )
}

const usualFile = ({ env }: Io): string | undefined => env['COFFER_PASSPHRASE_FILE']

/** The first line of a file; throws `INVALID_REQUEST` when it is empty. */
export async function firstLine(path: string): Promise<string> {
  const [line = ''] = (await readNamed(path)).split(/\r?\n/)
  if (line !== '') return line
  throw new CofferError({
    code: 'INVALID_REQUEST',
    message: `The first line of ${path} is empty: there is no passphrase.`,
  })
}

function problemOf(passphrase: string): string | undefined {
  try {
    checkPassphrase(passphrase)
    return undefined
  } catch (error) {
    return (error as Error).message
  }
}

function checkPassphrase(passphrase: string): void {
  if ([...passphrase.trim()].length >= SHORTEST_PASSPHRASE) return
  throw new CofferError({
    code: 'WEAK_PASSWORD',
    message: `The passphrase needs ${SHORTEST_PASSPHRASE} characters or more: whoever copies the vault can try millions of short ones. Five random words are good.`,
  })
}
