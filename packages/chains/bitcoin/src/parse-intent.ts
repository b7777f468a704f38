import { CofferError } from '@coffer/core'
import { parseAddress } from './address.ts'
import type { BitcoinIntent, Output } from './intent.ts'
import type { BitcoinNetwork } from './networks.ts'

const AMOUNT = /^(?:0|[1-9][0-9]{0,15})$/
const TXID = /^[0-9a-f]{64}$/
/** What nodes relay of one OP_RETURN output. */
const MOST_MEMO = 80
const MOST_PAYMENTS = 3_000

/** Reads an intent from its JSON form: every field known, every address of this network. Throws `INVALID_DRAFT`. */
export function parseIntent(json: unknown, network: BitcoinNetwork): BitcoinIntent {
  const fields = record(json)
  const kind = fields['kind']
  const extras = {
    ...(fields['memo'] === undefined ? {} : { memo: memoOf(fields['memo']) }),
    ...(fields['replaces'] === undefined ? {} : { replaces: txidOf(fields['replaces']) }),
  }
  const only = (...names: string[]): void => {
    const extra = Object.keys(fields).find((name) => !['kind', 'memo', 'replaces', ...names].includes(name))
    if (extra !== undefined) throw wrong(`It has an unknown field ${JSON.stringify(extra.slice(0, 40))}.`)
  }
  const to = (value: unknown): string => addressOf(value, network)
  switch (kind) {
    case 'pay':
      only('asset', 'to', 'amount')
      return {
        kind,
        asset: assetOf(fields, network),
        to: to(fields['to']),
        amount: amountOf(fields['amount']),
        ...extras,
      }
    case 'batch': {
      only('asset', 'payments', 'rest')
      const { payments } = fields
      if (!Array.isArray(payments) || payments.length > MOST_PAYMENTS)
        throw wrong('Its payments must be a list.')
      return {
        kind,
        asset: assetOf(fields, network),
        payments: payments.map((payment): Output => {
          const { to: recipient, amount, ...rest } = record(payment)
          if (Object.keys(rest).length) throw wrong('A payment has unknown fields.')
          return { to: to(recipient), amount: amountOf(amount) }
        }),
        ...(fields['rest'] === undefined ? {} : { rest: to(fields['rest']) }),
        ...extras,
      }
    }
    case 'sweep':
      only('asset', 'to')
      return { kind, asset: assetOf(fields, network), to: to(fields['to']), ...extras }
    case 'cancel':
      only()
      if (extras.replaces === undefined) throw wrong('It does not say what it cancels.')
      return { kind, ...extras }
    case 'bump':
      only('parent')
      return { kind, parent: txidOf(fields['parent']), ...extras }
    default:
      throw wrong('Its intent is of an unknown kind.')
  }
}

function record(json: unknown): Record<string, unknown> {
  if (typeof json === 'object' && json !== null && !Array.isArray(json))
    return json as Record<string, unknown>
  throw wrong('Its intent must be an object.')
}

function assetOf(fields: Record<string, unknown>, network: BitcoinNetwork): BitcoinNetwork['coin']['id'] {
  if (fields['asset'] === network.coin.id) return network.coin.id
  throw wrong(`Its asset is not ${network.coin.id}.`)
}

function addressOf(value: unknown, network: BitcoinNetwork): string {
  if (typeof value !== 'string') throw wrong('An address must be a string.')
  const { address } = parseAddress(value, network)
  if (address !== value) throw wrong('An address is not in its canonical writing.')
  return address
}

function amountOf(value: unknown): bigint {
  if (typeof value === 'string' && AMOUNT.test(value)) return BigInt(value)
  throw wrong('An amount must be a decimal string of satoshi.')
}

function memoOf(value: unknown): string {
  if (typeof value === 'string' && /^(?:[0-9a-f]{2})*$/.test(value) && value.length <= 2 * MOST_MEMO)
    return value
  throw wrong(`Its memo must be at most ${MOST_MEMO} bytes in lower-case hexadecimal.`)
}

function txidOf(value: unknown): string {
  if (typeof value === 'string' && TXID.test(value)) return value
  throw wrong('A transaction id must have 64 lower-case hexadecimal digits.')
}

function wrong(hint: string): CofferError {
  return new CofferError({ code: 'INVALID_DRAFT', message: `This Bitcoin draft cannot be used. ${hint}` })
}
