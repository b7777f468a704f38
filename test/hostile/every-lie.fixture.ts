import { isCofferError, type Signed } from '@coffer/core'
import { type Liar, startHostile } from '@coffer/devnet/hostile'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { BROADCAST, liesAt, type Told, WIRE } from './lies.fixture.ts'
import { holds, readSigned, written } from './oracles.fixture.ts'
import {
  type Attempt,
  type Door,
  doors,
  fund,
  look,
  type Nodes,
  type Person,
  pay,
  person,
  type Request,
} from './world.fixture.ts'

const AMOUNT = 250_000n
/** Of the networks' data: what no policy has raised. */
const MOST_FEE = { ethereum: 5n * 10n ** 16n, regtest: 1_000_000n, 'tron-devnet': 150_000_000n } as const
/** Milliseconds: who does not answer on this machine never will; and who is given time to. */
const SHORT = 400
const LONG = 20_000

let people = 0

/**
 * Every attack of `@coffer/devnet/hostile` at a kind of server. While the only server lies, a wallet signs nothing but what the
 * person typed, under the chain's own ceiling; where the lie is fatal it signs nothing at all. What was signed pays once at
 * most, whoever publishes it. And where the lie is told once, or a second server is honest, it pays. `signing` leaves out what
 * comes after the signature, for servers that share all of that with another one.
 */
export function everyLie(
  name: keyof typeof doors,
  nodesOf: () => Nodes,
  { depth = 'full' }: { readonly depth?: 'full' | 'signing' } = {},
): void {
  const door: Door = doors[name]
  const { chain } = door
  const token = { ethereum: 'USDC', 'tron-devnet': 'USDT', regtest: undefined }[chain]

  describe(`behind a liar, over ${name}`, () => {
    let liar: Liar
    const honest = () => door.source(door.url(nodesOf()), LONG, nodesOf())
    const lying = ({ hangs }: Told) => door.source(liar.url, hangs ? SHORT : LONG, nodesOf())
    beforeAll(async () => {
      liar = await startHostile(door.url(nodesOf()))
    })
    afterAll(() => liar?.stop())

    const contractOf = (asset: string | undefined): string | undefined => {
      const { ethereum, tron } = nodesOf()
      return asset && (chain === 'ethereum' ? ethereum.tokens.USDC.address : tron.tokens.USDT.address)
    }

    /** Somebody with money, who was never seen before, and somebody to pay, who has nothing. */
    async function meet(asset: string | undefined): Promise<{ index: number; request: Request }> {
      const index = people++
      await fund(nodesOf(), chain, (await person(chain, [honest()], index)).address)
      const { address } = await person(chain, [honest()], 1_000_000 + index)
      return { index, request: { to: address, amount: AMOUNT, ...(asset && { asset }) } }
    }

    async function checkSigned(
      payer: Person,
      { to, amount, asset }: Request,
      { raw }: Signed,
    ): Promise<void> {
      const { pays, mostFee } = await readSigned[chain](raw, nodesOf())
      const own = new Set(ownAddresses(payer).map((address) => written(chain, address)))
      const contract = contractOf(asset)
      expect(pays.filter((one) => !own.has(one.to))).toEqual([
        { to: written(chain, to), amount, ...(contract && { token: written(chain, contract) }) },
      ])
      expect(mostFee).toBeLessThanOrEqual(MOST_FEE[chain])
    }

    /** What somebody has, as soon as it is something. */
    async function arrivedAt(to: string, asset: string | undefined, patience: number): Promise<bigint> {
      for (let waited = 0; ; waited += 50) {
        const arrived = await holds(nodesOf(), chain, to, contractOf(asset))
        if (arrived > 0n || waited >= patience) return arrived
        await new Promise((resolve) => setTimeout(resolve, 50))
      }
    }

    /** What was signed may be published by anybody, at any time: then it must pay once, and never twice. */
    async function settle(
      index: number,
      { to, asset }: Request,
      { signed }: Attempt,
      patience = 2_000,
    ): Promise<bigint> {
      const safe = await person(chain, [honest()], index)
      if (signed) for (let times = 0; times < 2; times++) await safe.wallet.publish(signed).catch(() => {})
      safe.wallet.dispose()
      const arrived = await arrivedAt(to, asset, signed ? patience : 0)
      expect(signed ? [0n, AMOUNT] : [0n]).toContain(arrived)
      return arrived
    }

    async function check(
      told: Told,
      asset: string | undefined,
      from: 'the start' | 'publishing',
    ): Promise<void> {
      const { index, request } = await meet(asset)
      const before = liar.played.length
      const payer = await person(chain, [lying(told)], index)
      const play = () => void liar.play(told.lie)
      if (from === 'the start') {
        play()
        await look(payer)
      }
      const attempt = await pay(payer, request, from === 'publishing' ? play : undefined)
      // Who answers late has told nothing yet when nobody waits any more.
      const isLate = told.lie.name === 'wire.late'
      if (attempt.signed) await followed(payer, attempt.signed, () => isLate || liar.played.length > before)
      liar.calm()
      payer.wallet.dispose()
      if (!isLate) expect(liar.played.length).toBeGreaterThan(before)
      if (attempt.error !== undefined && !isCofferError(attempt.error)) throw attempt.error
      if (attempt.signed) await checkSigned(payer, request, attempt.signed)
      if (from === 'publishing') expect(attempt.signed).toBeDefined()
      else if (told.signsNothing) expect(attempt.signed).toBeUndefined()
      // Blocks come with what they hold; after some lies it waits for a better price or for what never comes.
      const arrived = await settle(index, request, attempt, from === 'publishing' ? 2_000 : 300)
      if (from === 'publishing') expect(arrived).toBe(AMOUNT)
    }

    for (const told of liesAt(name, door))
      it(`${told.lie.attack}: ${told.lie.name} changes nothing that is signed`, async () => {
        if (!told.ofToken) await check(told, undefined, 'the start')
        if (token && !WIRE.includes(told)) await check(told, token, 'the start')
      })

    if (depth === 'signing') return

    for (const told of [...BROADCAST, ...WIRE])
      it(`G12: ${told.lie.name} while a payment is published leaves one that arrives once`, () =>
        check(told, undefined, 'publishing'))

    for (const told of liesAt(name, door))
      it(`${told.lie.attack}: ${told.lie.name}, told once beside an honest node, is got over`, async () => {
        const { index, request } = await meet(told.ofToken ? token : undefined)
        liar.play(told.lie, { times: 1 })
        const payer = await person(chain, [lying(told), honest()], index)
        let attempt = await pay(payer, request)
        // What the one lie spoilt is said, and the person tries again: what was signed is published, else it is made anew.
        if (attempt.error !== undefined && isCofferError(attempt.error))
          attempt = attempt.signed ? await again(payer, attempt.signed) : await pay(payer, request)
        liar.calm()
        payer.wallet.dispose()
        if (attempt.error !== undefined && !isCofferError(attempt.error)) throw attempt.error
        await checkSigned(payer, request, attempt.signed!)
        const arrived = await settle(index, request, attempt, told.strands ? 300 : 2_000)
        if (!told.strands) expect(arrived).toBe(AMOUNT)
      })
  })
}

/** Asks how a payment stands until there was something to lie about, as there is once it is mined. */
async function followed({ wallet }: Person, signed: Signed, isTold: () => boolean): Promise<void> {
  for (let tries = 0; tries === 0 || (tries < 40 && !isTold()); tries++) {
    await wallet
      .payment(signed)
      .status()
      .catch(() => {})
    if (!isTold()) await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

async function again({ wallet }: Person, signed: Signed): Promise<Attempt> {
  try {
    await wallet.publish(signed)
    return { signed }
  } catch (error) {
    return { signed, error }
  }
}

function ownAddresses({ account }: Person): readonly string[] {
  const utxo = account as unknown as {
    addresses?(range: { count: number; change?: boolean }): readonly string[]
  }
  return utxo.addresses
    ? [...utxo.addresses({ count: 20 }), ...utxo.addresses({ count: 20, change: true })]
    : []
}
