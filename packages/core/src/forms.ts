import type { ChainRules } from './chain.ts'
import type { Draft, DraftFields, Intent } from './draft.ts'
import type { Effects } from './effects.ts'
import { CofferError } from './error.ts'
import { type ChainId, parseChainId } from './ids.ts'
import { hide, jsonObject, readJson, withJson } from './plain.ts'
import type { Signed, SignedFields } from './signed.ts'

/**
 * Makes a draft of its fields: asks the chain what the bytes do and freezes the result. Throws what `chain.inspect`
 * throws. Chains call it at the end of `create`; anyone may call it to look at bytes.
 */
export function createDraft<I extends Intent>(
  chain: Pick<ChainRules, 'inspect'>,
  fields: DraftFields<I>,
): Draft<I> {
  return sealDraft(fields, chain.inspect(fields))
}

/** A frozen draft of fields whose effects are known. `hidden` goes along unseen. */
export function sealDraft<I extends Intent>(
  { chain, account, intent, payload, hints, signatures }: DraftFields<I>,
  effects: Effects,
  hidden?: readonly [name: symbol, value: unknown],
): Draft<I> {
  const fields = { kind: 'draft', version: 1, chain, account, intent, payload, hints } as const
  const json = signatures ? { ...fields, signatures } : fields
  const draft: Draft<I> = { ...json, effects, fee: effects.fee }
  if (hidden) hide(draft, ...hidden)
  return withJson(draft, json)
}

/**
 * Reads a draft from its JSON text or value. Nothing in it is believed: the intent is checked field by field, effects and
 * fee are recomputed from the payload. Throws `INVALID_JSON` or `INVALID_DRAFT`.
 */
export function readDraft(chain: ChainRules, json: unknown): Draft {
  const fields = jsonObject(
    readJson(json),
    ['kind', 'version', 'chain', 'account', 'intent', 'payload', 'hints'],
    invalidDraft,
    ['signatures'],
  )
  if (fields['kind'] !== 'draft' || fields['version'] !== 1)
    throw invalidDraft('It is not a draft of version 1.')
  if (fields['chain'] !== chain.id)
    throw invalidDraft(
      `It is for ${JSON.stringify(String(fields['chain']).slice(0, 50))}, not for ${chain.id}.`,
    )
  if (!isString(fields['account']) || !isString(fields['payload']))
    throw invalidDraft('Its account and payload must be strings.')
  const { signatures } = fields
  if (signatures !== undefined && !(Array.isArray(signatures) && signatures.every(isString)))
    throw invalidDraft('Its signatures must be strings.')
  return createDraft(chain, {
    chain: chain.id,
    account: chain.parseAccount(fields['account']),
    intent: chain.parseIntent(fields['intent']),
    payload: fields['payload'],
    hints: readHints(fields['hints']),
    ...(signatures && { signatures: signatures as string[] }),
  })
}

/** The chain id that a draft or signed transaction in JSON says it is for, so that its reader can be found. */
export function chainOfJson(json: unknown): ChainId {
  const value = readJson(json)
  const chain =
    typeof value === 'object' && value !== null ? (value as Record<string, unknown>)['chain'] : undefined
  if (typeof chain !== 'string') throw invalidDraft('It names no chain.')
  return parseChainId(chain).id
}

/** Makes a signed transaction of its fields after the chain has checked them; throws `INVALID_SIGNED`. */
export function createSigned(chain: Pick<ChainRules, 'checkSigned'>, fields: SignedFields): Signed {
  chain.checkSigned(fields)
  const signed: Signed = {
    kind: 'signed',
    version: 1,
    chain: fields.chain,
    account: fields.account,
    txid: fields.txid,
    raw: fields.raw,
    ...(fields.spent && { spent: fields.spent }),
  }
  return withJson(signed, { ...signed })
}

/** Reads a signed transaction from its JSON text or value and checks bytes, account and id. */
export function readSigned(chain: ChainRules, json: unknown): Signed {
  const fields = jsonObject(
    readJson(json),
    ['kind', 'version', 'chain', 'account', 'txid', 'raw'],
    invalidSigned,
    ['spent'],
  )
  if (fields['kind'] !== 'signed' || fields['version'] !== 1)
    throw invalidSigned('It is not a signed transaction of version 1.')
  const { chain: id, account, txid, raw, spent = '' } = fields
  if (id !== chain.id) throw invalidSigned(`It is not for ${chain.id}.`)
  if (!isString(account) || !isString(txid) || !isString(raw) || !isString(spent))
    throw invalidSigned('Its account, txid and raw bytes must be strings.')
  return createSigned(chain, {
    chain: chain.id,
    account: chain.parseAccount(account),
    txid,
    raw,
    ...(spent && { spent }),
  })
}

const isString = (value: unknown): value is string => typeof value === 'string'

function readHints(json: unknown): Record<string, string> {
  if (typeof json !== 'object' || json === null || Array.isArray(json))
    throw invalidDraft('Its hints must be an object.')
  const entries = Object.entries(json)
  if (
    entries.length > 32 ||
    entries.some(([key, value]) => key.length > 40 || typeof value !== 'string' || value.length > 200)
  )
    throw invalidDraft('Its hints must be a few short strings.')
  return Object.fromEntries(entries)
}

function invalidDraft(hint: string): CofferError {
  return new CofferError({
    code: 'INVALID_DRAFT',
    message: `This draft cannot be used. ${hint} Ask for a new one from the wallet that made it.`,
  })
}

function invalidSigned(hint: string): CofferError {
  return new CofferError({
    code: 'INVALID_SIGNED',
    message: `This signed transaction cannot be used. ${hint}`,
  })
}
