import { CofferError, chainOfJson, type Draft, parseJson, type Signed } from '@coffer/core'
import type { Context } from './context.ts'
import type { AppChain } from './families/family.ts'
import { readNamed, writeWhole } from './files.ts'
import { readStdin } from './io.ts'
import { writeForPrograms } from './output.ts'
import { findChain } from './sources.ts'

/** Reads a draft or a signed transaction from a file, or from standard input for `-`. Believes nothing in it. */
export async function readDocument(
  context: Context,
  path: string,
): Promise<{ chain: AppChain; document: Draft | Signed }> {
  const text = path === '-' ? await readStdin(context.io) : await readNamed(path)
  const json = parseJson(text)
  const chain = findChain(context.chains, chainOfJson(json))
  const { kind } = json as { kind?: unknown }
  const document = kind === 'signed' ? context.wallet.signed(json) : context.wallet.draft(json)
  return { chain, document }
}

/** Writes a draft or a signed transaction into a file, or to standard output for `-`. */
export async function writeDocument(context: Context, path: string, document: Draft | Signed): Promise<void> {
  if (path === '-') context.io.stdout.write(`${writeForPrograms(document)}\n`)
  else await writeWhole(path, `${writeForPrograms(document)}\n`)
}

/** Throws `INVALID_DRAFT` for a signed transaction where a draft is wanted. */
export function wantDraft(document: Draft | Signed): Draft {
  if (document.kind === 'draft') return document
  throw new CofferError({
    code: 'INVALID_DRAFT',
    message: 'This is signed already. Send it with "coffer publish".',
  })
}

/** Throws `INVALID_SIGNED` for a draft where a signed transaction is wanted. */
export function wantSigned(document: Draft | Signed): Signed {
  if (document.kind === 'signed') return document
  throw new CofferError({
    code: 'INVALID_SIGNED',
    message: 'This is a draft. Sign it first with "coffer sign".',
  })
}
