import { CofferError, randomBytes } from '@coffer/core'
import { pbkdf2Async } from '@noble/hashes/pbkdf2.js'
import { sha256 } from '@noble/hashes/sha2.js'
import { recoverSecret, splitSecret } from './shamir.ts'
import { readShare, type Share, writeShare, wrong } from './slip39-share.ts'

export interface Slip39Options {
  /** Shares of how many of a group are needed, and how many there are of it; 16 of 16 at most. One share for a threshold of one. */
  readonly groups: readonly { readonly threshold: number; readonly count: number }[]
  /** How many groups are needed; 1 when not given. */
  readonly groupThreshold?: number | undefined
  /** Printable ASCII. Another one gives another secret, and none is wrong. Empty when not given. */
  readonly passphrase?: string | undefined
  /** Each step doubles the work for a guess of the passphrase, 0 to 15; 1 when not given: 20,000 iterations. */
  readonly iterationExponent?: number | undefined
  /** False for wallets of before 2024, which read no other; true when not given. */
  readonly extendable?: boolean | undefined
}

/**
 * Splits a secret of 16 to 64 bytes, an even number, into shares of 20 words and more, by groups. By the standard, the secret of a
 * wallet is its BIP-32 seed (`mnemonicToSeed`): other wallets that read shares restore the same keys from it.
 *
 * Throws `INVALID_REQUEST`.
 *
 * @example
 * const [shares] = await splitSlip39(seed, { groups: [{ threshold: 2, count: 3 }] }) // any two of three
 * @see https://github.com/satoshilabs/slips/blob/master/slip-0039.md
 */
export async function splitSlip39(
  secret: Uint8Array,
  options: Slip39Options,
): Promise<readonly (readonly string[])[]> {
  const { groups, groupThreshold = 1, passphrase = '' } = options
  const { iterationExponent: exponent = 1, extendable = true } = options
  checkSplit(secret, options, groupThreshold, exponent)
  checkPassphrase(passphrase)
  const random = randomBytes(16)
  const id = ((random[0]! << 8) | random[1]!) & 0x7fff
  const salt = saltOf(extendable, id)
  const encrypted = await feistel(secret, { passphrase, exponent, salt, rounds: [0, 1, 2, 3] })
  const groupShares = splitSecret(groupThreshold, groups.length, encrypted)
  encrypted.fill(0)
  return groupShares.map(({ x: groupIndex, y }) => {
    const { threshold, count } = groups[groupIndex]!
    const members = splitSecret(threshold, count, y)
    y.fill(0)
    return members.map(({ x: memberIndex, y: value }) => {
      const share: Share = {
        id,
        extendable,
        exponent,
        groupIndex,
        groupThreshold,
        groupCount: groups.length,
        memberIndex,
        memberThreshold: threshold,
        value,
      }
      const text = writeShare(share)
      value.fill(0)
      return text
    })
  })
}

/**
 * Puts shares together again: exactly as many as are needed, of as many groups as are needed. The passphrase is not checked:
 * compare an address.
 *
 * Throws `INVALID_BACKUP`, which names the share that is wrong or says what is missing.
 */
export async function combineSlip39(
  shares: readonly string[],
  { passphrase = '' }: { readonly passphrase?: string | undefined } = {},
): Promise<Uint8Array> {
  checkPassphrase(passphrase)
  const read = shares.map((share, i) => readShare(share, i + 1))
  try {
    const [first] = read
    if (!first) throw wrong(undefined, 'there are none')
    checkTogether(read, first)
    const byGroup = group(read)
    if (byGroup.size !== first.groupThreshold)
      throw wrong(
        undefined,
        `they are of ${byGroup.size} ${byGroup.size === 1 ? 'group' : 'groups'}, and ${first.groupThreshold} are needed`,
        { groups: byGroup.size, needed: first.groupThreshold },
      )
    const points = [...byGroup].map(([x, members]) => ({ x, y: recoverGroup(x, members) }))
    const encrypted = recoverSecret(first.groupThreshold, points)
    for (const { y } of points) y.fill(0)
    if (!encrypted) throw wrong(undefined, 'together they give no secret; one of them is of another set')
    const { exponent, extendable, id } = first
    const salt = saltOf(extendable, id)
    const secret = await feistel(encrypted, { passphrase, exponent, salt, rounds: [3, 2, 1, 0] })
    encrypted.fill(0)
    return secret
  } finally {
    for (const { value } of read) value.fill(0)
  }
}

function group(shares: readonly Share[]): Map<number, Share[]> {
  const groups = new Map<number, Share[]>()
  for (const share of shares) groups.set(share.groupIndex, [...(groups.get(share.groupIndex) ?? []), share])
  return groups
}

function recoverGroup(index: number, members: readonly Share[]): Uint8Array {
  const [first] = members as [Share]
  const name = `group ${index + 1}`
  if (members.some(({ memberThreshold }) => memberThreshold !== first.memberThreshold))
    throw wrong(undefined, `those of ${name} disagree on how many are needed`)
  if (new Set(members.map(({ memberIndex }) => memberIndex)).size !== members.length)
    throw wrong(undefined, `${name} has one of them twice`)
  if (members.length !== first.memberThreshold)
    throw wrong(undefined, `there are ${members.length} of ${name}, and it takes ${first.memberThreshold}`, {
      group: index + 1,
      shares: members.length,
      needed: first.memberThreshold,
    })
  const value = recoverSecret(
    first.memberThreshold,
    members.map(({ memberIndex: x, value: y }) => ({ x, y })),
  )
  if (value) return value
  throw wrong(undefined, `those of ${name} give no secret; one of them is of another set`)
}

function checkTogether(shares: readonly Share[], first: Share): void {
  for (const [i, share] of shares.entries())
    for (const field of ['id', 'extendable', 'exponent', 'groupThreshold', 'groupCount'] as const)
      if (share[field] !== first[field]) throw wrong(i + 1, 'it is of another set than the first')
  const odd = shares.findIndex(({ value }) => value.length !== first.value.length)
  if (odd > 0) throw wrong(odd + 1, 'it has another length than the first')
}

interface Cipher {
  readonly passphrase: string
  readonly exponent: number
  readonly salt: Uint8Array
  readonly rounds: readonly number[]
}

/** The four rounds that encrypt a secret with the passphrase, or decrypt it in the other order. */
async function feistel(
  input: Uint8Array,
  { passphrase, exponent, salt, rounds }: Cipher,
): Promise<Uint8Array> {
  const half = input.length / 2
  let left = Uint8Array.from(input.subarray(0, half))
  let right = Uint8Array.from(input.subarray(half))
  for (const round of rounds) {
    const key = await pbkdf2Async(
      sha256,
      Uint8Array.of(round, ...ascii(passphrase)),
      Uint8Array.of(...salt, ...right),
      { c: 2500 * 2 ** exponent, dkLen: half },
    )
    const next = left.map((byte, i) => byte ^ key[i]!)
    key.fill(0)
    left.fill(0)
    left = right
    right = next
  }
  const output = Uint8Array.of(...right, ...left)
  left.fill(0)
  right.fill(0)
  return output
}

/** Shares that can be made anew for the same secret do not bind it to the id of one set. */
const saltOf = (extendable: boolean, id: number): Uint8Array =>
  extendable ? new Uint8Array() : Uint8Array.of(...ascii('shamir'), id >> 8, id & 255)

const ascii = (text: string): Uint8Array => new TextEncoder().encode(text)

function checkPassphrase(passphrase: string): void {
  if (typeof passphrase === 'string' && [...passphrase].every((letter) => letter >= ' ' && letter <= '~'))
    return
  throw invalid('A passphrase of SLIP-39 is of printable ASCII letters, so that every wallet can take it.')
}

function checkSplit(
  secret: Uint8Array,
  { groups }: Slip39Options,
  groupThreshold: number,
  exponent: number,
): void {
  if (!(secret instanceof Uint8Array) || secret.length < 16 || secret.length > 64 || secret.length % 2 !== 0)
    throw invalid('What is shared has 16 to 64 bytes, an even number of them.')
  const isCount = (value: number): boolean => Number.isInteger(value) && value >= 1 && value <= 16
  if (!isCount(groups.length) || !isCount(groupThreshold) || groupThreshold > groups.length)
    throw invalid('There are 1 to 16 groups, and no more are needed than there are.')
  for (const { threshold, count } of groups) {
    if (!isCount(count) || !isCount(threshold) || threshold > count)
      throw invalid('A group has 1 to 16 shares, and no more are needed than there are.')
    if (threshold === 1 && count > 1)
      throw invalid('Where one share is enough there is one share. Give a copy of it to several people.')
  }
  if (!Number.isInteger(exponent) || exponent < 0 || exponent > 15)
    throw invalid('The iteration exponent is a whole number from 0 to 15.')
}

function invalid(message: string): CofferError {
  return new CofferError({ code: 'INVALID_REQUEST', message })
}
