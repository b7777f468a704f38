import { HDKey } from '@scure/bip32'
import { p2ms, p2pkh, p2sh, p2tr, p2wpkh, p2wsh } from '@scure/btc-signer'
import type { Host } from './bitcoin-host.ts'
import { type Policy, policyKey } from './bitcoin-policy.ts'
import { incorrect } from './bitcoin-status.ts'
import type { KeyExpression, Template } from './bitcoin-template.ts'
import { hardened } from './secp-key.ts'

/** An address of a policy. */
export interface Place {
  readonly isChange: boolean
  readonly index: number
}

/** The public key of a key expression at a place; its extended key is asked for. */
async function keyAt(
  host: Host,
  policy: Policy,
  { key, receive, change }: KeyExpression,
  { isChange, index }: Place,
): Promise<Uint8Array> {
  const { extended } = await policyKey(host, policy, key)
  const steps = [isChange ? change : receive, index]
  if (steps.some((step) => step >= hardened(0))) throw incorrect()
  return orIncorrect(() => {
    const account = new HDKey({ chainCode: extended.slice(13, 45), publicKey: extended.slice(45) })
    return steps.reduce((key, step) => key.deriveChild(step), account).publicKey!
  })
}

/** 0x6a80 for keys that are no points of the curve, and for scripts that are too long. */
function orIncorrect<T>(make: () => T): T {
  try {
    return make()
  } catch {
    throw incorrect()
  }
}

const isLess = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) < 0

/** The keys in order. As the app has no room for them all, it asks for the rest again to find the next. */
async function sortedKeys(host: Host, policy: Policy, place: Place): Promise<Uint8Array[]> {
  const rest = [...policy.template.keys]
  const keys: Uint8Array[] = []
  while (rest.length > 0) {
    let least: { key: Uint8Array; at: number } | undefined
    for (const [at, expression] of rest.entries()) {
      const key = await keyAt(host, policy, expression, place)
      if (!least || isLess(key, least.key)) least = { key, at }
    }
    keys.push(least!.key)
    rest.splice(least!.at, 1)
  }
  return keys
}

async function keysInOrder(host: Host, policy: Policy, place: Place): Promise<Uint8Array[]> {
  if (policy.template.sorted) return sortedKeys(host, policy, place)
  const keys: Uint8Array[] = []
  for (const expression of policy.template.keys) keys.push(await keyAt(host, policy, expression, place))
  return keys
}

/** The scriptPubKey of a policy's address, made of the keys that the host has. */
export async function policyScript(host: Host, policy: Policy, place: Place): Promise<Uint8Array> {
  const keys = await keysInOrder(host, policy, place)
  return orIncorrect(() => scriptOf(policy.template, keys))
}

function scriptOf({ wrapper, threshold = 1 }: Template, keys: Uint8Array[]): Uint8Array {
  const [key] = keys as [Uint8Array, ...Uint8Array[]]
  switch (wrapper) {
    case 'pkh':
      return p2pkh(key).script
    case 'wpkh':
      return p2wpkh(key).script
    case 'sh(wpkh':
      return p2sh(p2wpkh(key)).script
    case 'tr':
      return p2tr(key.slice(1)).script
    case 'sh':
      return p2sh(p2ms(threshold, keys, true)).script
    case 'wsh':
      return p2wsh(p2ms(threshold, keys, true)).script
    case 'sh(wsh':
      return p2sh(p2wsh(p2ms(threshold, keys, true))).script
  }
}
