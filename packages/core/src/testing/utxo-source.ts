import { sha256 } from '@noble/hashes/sha2.js'
import { isCofferError } from '../error.ts'
import type { ChainId } from '../ids.ts'
import type { Head, ScriptHistory, UtxoSource } from '../source.ts'
import { fromHex, ok, type Runner, refuses, same, toHex } from './assert.ts'

export interface UtxoSourceUnderTest {
  readonly source: UtxoSource
  readonly chain: ChainId
  /** The same server, opened as if it served another chain; without it, chain pinning goes untested. */
  readonly wrongChain?: UtxoSource
  /** True where the server finds mined transactions only with a script that they touch. */
  readonly needsScript?: boolean
  /** Pays satoshi to an output script and gives the id; the payment waits until `mine` is called. */
  fund(script: string, amount: bigint): Promise<string>
  /** Makes the chain grow. The server knows of it when this returns. */
  mine(blocks: number): Promise<unknown>
  /** Replaces the newest blocks by empty ones, and one more; their transactions wait again. */
  reorg?(depth: number): Promise<unknown>
  /** A wallet of the network's own, whose payments go out, too; without it, spends go untested. */
  readonly payer?: {
    /** A new output script of the wallet. */
    script(): Promise<string>
    /** Spends what was paid to it, and gives the id of the spending transaction, which waits. */
    spend(script: string): Promise<string>
  }
  close?(): Promise<void> | void
}

export interface UtxoSourceSubject {
  readonly name: string
  /** A fresh source on a live server, for each test. */
  make(): Promise<UtxoSourceUnderTest>
}

/**
 * What every `UtxoSource` must do, whatever stands behind it. Needs a server of a chain that can be mined at will, such as
 * regtest, with coins to pay from.
 *
 * @example
 * import { describe, it } from 'vitest'
 * utxoSourceConformance({ describe, it }, { name: 'mine', make: async () => ({ source, chain, fund, mine }) })
 */
export function utxoSourceConformance({ describe, it }: Runner, { name, make }: UtxoSourceSubject): void {
  const test = (title: string, body: (under: UtxoSourceUnderTest) => Promise<void>) =>
    it(title, async () => {
      const under = await make()
      try {
        await body(under)
      } finally {
        under.source.close?.()
        await under.close?.()
      }
    })

  describe(`UTXO source ${name}`, () => {
    test('says what it is', async ({ source, chain }) => {
      same(source.family, 'utxo', 'the family')
      same(source.chain, chain, 'the chain')
    })

    test('gives headers that hash to the tip, link, and begin with the genesis block', async (under) => {
      const { source, chain, mine } = under
      await mine(2)
      const tip = await source.tip()
      ok(Number.isSafeInteger(tip.height) && tip.height >= 2, 'a height')
      const heights = [tip.height, tip.height + 1_000, 0, tip.height - 1, tip.height]
      const [newest, above, genesis, before, again] = await source.headers(heights)
      same(above, undefined, 'a header above the tip')
      same(again, newest, 'the header that was asked for twice')
      for (const header of [newest, genesis, before])
        ok(/^[0-9a-f]{160}$/.test(header ?? ''), 'a header of 80 bytes')
      same(hashOf(newest), tip.hash, 'the hash of the newest header')
      same(flip(newest?.slice(8, 72)), hashOf(before), 'the block before the newest')
      same(`bip122:${hashOf(genesis).slice(0, 32)}`, chain, 'the chain of the first block')
      same(await source.headers([]), [], 'no headers')
    })

    test('follows the tip', async ({ source, mine }) => {
      const before = await source.tip()
      await mine(1)
      const after = await source.tip()
      same(after.height, before.height + 1, 'the height')
      ok(after.hash !== before.hash, 'another hash')
    })

    test('shows nothing of a script that was never used', async ({ source }) => {
      const script = randomScript()
      const history = await historyOf(source, script)
      same(history.entries, [], 'the rows')
      const again = await historyOf(source, script, history.status)
      same(again.status, history.status, 'the status')
      same(again.entries, undefined, 'rows that did not change')
      same(await source.history([]), [], 'no histories')
    })

    test('shows a payment while it waits, and when it is mined', async ({ source, fund, mine }) => {
      const script = randomScript()
      const unused = await historyOf(source, script)
      const txid = await fund(script, 50_000n)
      const waiting = await historyOf(source, script, unused.status)
      same(rowsOf(waiting), [[txid, 0]], 'the rows while it waits')
      ok(waiting.status !== unused.status, 'another status once it was paid')
      same((await historyOf(source, script, waiting.status)).entries, undefined, 'rows that did not change')
      await mine(1)
      const { height } = await source.tip()
      const mined = await historyOf(source, script, waiting.status)
      same(rowsOf(mined), [[txid, height]], 'the rows once it is mined')
      ok(mined.status !== waiting.status, 'another status once it is mined')
      checkRaw(mined)
      await mine(1)
      const later = await historyOf(source, script, mined.status)
      same(later.entries, undefined, 'rows that did not change by another block')
    })

    test('answers in the order of the questions', async ({ source, fund, mine }) => {
      const [first, second, third] = [randomScript(), randomScript(), randomScript()]
      const early = await fund(first, 20_000n)
      await mine(1)
      const late = await fund(third, 20_000n)
      const { status } = await historyOf(source, third)
      const answers = await source.history([
        { script: third, status },
        { script: second },
        { script: first },
        { script: third },
      ])
      same(answers.length, 4, 'the number of answers')
      same([answers[0]?.status, answers[0]?.entries], [status, undefined], 'what did not change')
      same(answers[1]?.entries, [], 'the rows of the second')
      same(rowsOf(answers[2]), [[early, (await source.tip()).height]], 'the rows of the third')
      same(rowsOf(answers[3]), [[late, 0]], 'the rows of the last')
    })

    test('shows 65 payments to one script, each once, mined ones first and oldest first', async (under) => {
      const { source, fund, mine } = under
      const script = randomScript()
      const paid = new Set<string>()
      const fundAll = (count: number): Promise<string[]> =>
        Promise.all(Array.from({ length: count }, () => fund(script, 10_000n)))
      for (const count of [21, 21, 20]) {
        for (const txid of await fundAll(count)) paid.add(txid)
        await mine(1)
      }
      for (const txid of await fundAll(3)) paid.add(txid)
      const history = await historyOf(source, script)
      const rows = rowsOf(history)
      same(rows.length, 65, 'the number of rows')
      same(rows.map(([txid]) => txid).sort(), [...paid].sort(), 'the ids')
      const { height } = await source.tip()
      const heights = [height - 2, height - 1, height, 0].flatMap((at, i) =>
        Array([21, 21, 20, 3][i]).fill(at),
      )
      same(
        rows.map(([, at]) => at),
        heights,
        'the heights',
      )
      checkRaw(history)
      same((await historyOf(source, script, history.status)).entries, undefined, 'rows that did not change')
      await mine(1)
      ok(
        (await historyOf(source, script, history.status)).entries?.length === 65,
        'all rows once one has changed',
      )
    })

    test('shows what spends from a script', async ({ source, payer, mine, fund }) => {
      if (!payer) return
      const script = await payer.script()
      const paid = await fund(script, 100_000n)
      await mine(1)
      const { height } = await source.tip()
      const before = await historyOf(source, script)
      same(rowsOf(before), [[paid, height]], 'the rows before')
      const spent = await payer.spend(script)
      const waiting = await historyOf(source, script, before.status)
      same(
        rowsOf(waiting),
        [
          [paid, height],
          [spent, 0],
        ],
        'the rows while the spend waits',
      )
      await mine(1)
      const after = await historyOf(source, script, waiting.status)
      if (after.fromHeight === undefined || after.fromHeight <= height)
        same(
          rowsOf(after),
          [
            [paid, height],
            [spent, height + 1],
          ],
          'the rows once it is mined',
        )
      ok(after.status !== waiting.status, 'another status')
    })

    test('G11: takes back what a reorganisation took back', async ({ source, fund, mine, reorg }) => {
      if (!reorg) return
      const script = randomScript()
      await mine(1)
      const txid = await fund(script, 30_000n)
      await mine(1)
      const tip = await source.tip()
      const mined = await historyOf(source, script)
      same(rowsOf(mined), [[txid, tip.height]], 'the rows before')
      await reorg(1)
      const after = await source.tip()
      ok(after.hash !== tip.hash, 'another tip')
      const waiting = await historyOf(source, script, mined.status)
      same(rowsOf(waiting), [[txid, 0]], 'the rows after')
      ok(waiting.status !== mined.status, 'another status')
      const [header] = await source.headers([tip.height])
      ok(hashOf(header) !== tip.hash, 'another header at the height')
      await mine(1)
      const again = await historyOf(source, script, waiting.status)
      same(rowsOf(again), [[txid, (await source.tip()).height]], 'the rows when it is mined again')
    })

    test('gives transactions by id, and undefined for what nobody knows', async (under) => {
      const { source, fund, mine } = under
      const script = randomScript()
      const mined = await fund(script, 20_000n)
      await mine(1)
      const waiting = await fund(script, 20_000n)
      const { height } = await source.tip()
      const unknown = 'ab'.repeat(32)
      const [first, second, third] = await source.transactions([
        { txid: waiting, script },
        { txid: unknown, script },
        { txid: mined, script },
      ])
      same([first?.height, second, third?.height], [0, undefined, height], 'the heights')
      same(idOf(first?.raw ?? ''), waiting, 'the id of the first')
      same(idOf(third?.raw ?? ''), mined, 'the id of the third')
      same(await source.transactions([]), [], 'no transactions')
      if (under.needsScript) return
      const bare = await source.transactions([{ txid: unknown }, { txid: mined }, { txid: waiting }])
      same(bare, [undefined, third, first], 'the same without their script')
    })

    test('estimates fees, lowest target first', async ({ source }) => {
      const rates = await source.feeRates()
      rates.forEach(({ blocks, satPerKvb }, i) => {
        ok(Number.isSafeInteger(blocks) && blocks > (rates[i - 1]?.blocks ?? 0), 'targets that grow')
        ok(typeof satPerKvb === 'bigint' && satPerKvb > 0n, 'a rate above zero')
      })
    })

    test('gives a refused transaction as BROADCAST_REJECTED, with the reason', async ({ source }) => {
      const error = await failureOf(source.broadcast(NO_COINS))
      ok(isCofferError(error, 'BROADCAST_REJECTED'), `a refusal rather than ${String(error)}`)
      const { reason } = error.details
      ok(typeof reason === 'string' && reason.length > 0 && reason.length <= 500, 'a bounded reason')
      ok(/missing|inputs/i.test(reason), `the words of the node rather than "${reason}"`)
      await refuses(() => source.broadcast('00'), 'BROADCAST_REJECTED')
      await refuses(() => source.broadcast('no transaction'), 'INVALID_REQUEST')
    })

    test('knows a transaction that is sent again', async ({ source, fund, mine }) => {
      const script = randomScript()
      const txid = await fund(script, 20_000n)
      const [record] = await source.transactions([{ txid, script }])
      const again = await source.broadcast(record?.raw ?? '').catch(reasonOf)
      ok(
        again === txid || /already/i.test(again),
        `the id, or words like "already known", rather than "${again}"`,
      )
      await mine(1)
      const late = await source.broadcast(record?.raw ?? '').catch(reasonOf)
      ok(/already/i.test(late), `words like "already in the chain" rather than "${late}"`)
    })

    test('refuses questions that are none', async ({ source }) => {
      await refuses(() => source.history([{ script: 'no script' }]), 'INVALID_REQUEST')
      await refuses(() => source.history([{ script: '../tip' }]), 'INVALID_REQUEST')
      await refuses(() => source.transactions([{ txid: 'AB'.repeat(32) }]), 'INVALID_REQUEST')
      await refuses(() => source.headers([-1]), 'INVALID_REQUEST')
      await refuses(() => source.headers([1.5]), 'INVALID_REQUEST')
    })

    test('throws ABORTED for a caller who has left, before and after', async ({ source }) => {
      const script = randomScript()
      const questions: ((signal: AbortSignal) => Promise<unknown>)[] = [
        (signal) => source.tip({ signal }),
        (signal) => source.headers([0], { signal }),
        (signal) => source.history([{ script }], { signal }),
        (signal) => source.transactions([{ txid: 'ab'.repeat(32) }], { signal }),
        (signal) => source.feeRates({ signal }),
        (signal) => source.broadcast(NO_COINS, { signal }),
      ]
      for (const ask of questions) {
        await refuses(() => ask(AbortSignal.abort()), 'ABORTED')
        const controller = new AbortController()
        const left = ask(controller.signal)
        controller.abort()
        await refuses(() => left, 'ABORTED')
      }
      ok((await source.tip()).height >= 0, 'the source to work on')
    })

    test('does not let one caller cancel another', async ({ source }) => {
      const controller = new AbortController()
      const left = source.tip({ signal: controller.signal })
      const stays = source.tip()
      controller.abort()
      await refuses(() => left, 'ABORTED')
      ok((await stays).height >= 0, 'the other caller to be answered')
    })

    test('B4: throws away what another chain answers, and sends nothing to it', async ({ wrongChain }) => {
      if (!wrongChain) return
      try {
        await refuses(() => wrongChain.tip(), 'CHAIN_MISMATCH')
        await refuses(() => wrongChain.headers([0]), 'CHAIN_MISMATCH')
        await refuses(() => wrongChain.history([{ script: randomScript() }]), 'CHAIN_MISMATCH')
        await refuses(() => wrongChain.transactions([{ txid: 'ab'.repeat(32) }]), 'CHAIN_MISMATCH')
        await refuses(() => wrongChain.feeRates(), 'CHAIN_MISMATCH')
        const error = await failureOf(wrongChain.broadcast(NO_COINS))
        ok(isCofferError(error, 'CHAIN_MISMATCH') && error.details.sent === false, 'that nothing was sent')
      } finally {
        wrongChain.close?.()
      }
    })

    test('tells of heads until the signal aborts', async ({ source, mine }) => {
      if (!source.heads) return
      const controller = new AbortController()
      const seen: Head[] = []
      for await (const head of source.heads({ signal: controller.signal })) {
        ok(Number.isSafeInteger(head.height) && head.height >= 0, 'a height')
        ok(/^[0-9a-f]{64}$/.test(head.hash), 'a block hash')
        ok(
          seen.every(({ hash }) => hash !== head.hash),
          'no head twice',
        )
        seen.push(head)
        if (seen.length === 3) controller.abort()
        else await mine(1)
      }
      same(
        seen.map(({ height }) => height - (seen[0]?.height ?? 0)),
        [0, 1, 2],
        'the heights, from the first',
      )
    })

    test('ends heads at once for a caller who has left', async ({ source }) => {
      if (!source.heads) return
      for await (const _ of source.heads({ signal: AbortSignal.abort() }))
        throw new Error('Expected no head.')
    })

    test('answers nobody after it was closed', async ({ source }) => {
      if (!source.close) return
      const flying = failureOf(source.tip())
      source.close()
      const error = await flying
      ok(error === undefined || isCofferError(error), 'an answer or a Coffer error for a question in flight')
      ok(isCofferError(await failureOf(source.tip())), 'a Coffer error')
    })
  })
}

/** Spends a coin that nobody has. */
const NO_COINS = `0200000001${'ab'.repeat(32)}0000000000fdffffff0110270000000000001600141111111111111111111111111111111111111111${'00'.repeat(4)}`

function randomScript(): string {
  return `0014${toHex(crypto.getRandomValues(new Uint8Array(20)))}`
}

async function historyOf(source: UtxoSource, script: string, status?: string): Promise<ScriptHistory> {
  const [history] = await source.history([{ script, ...(status === undefined ? {} : { status }) }])
  ok(history && typeof history.status === 'string' && history.status.length > 0, 'a status')
  ok(
    (history.entries === undefined) === (history.status === status),
    'rows exactly when the status is another',
  )
  return history
}

function rowsOf(history: ScriptHistory | undefined): [string, number][] {
  return history?.entries?.map(({ txid, height }) => [txid, height]) ?? []
}

/** Where rows bring their transactions along, those hash to the ids. */
function checkRaw(history: ScriptHistory): void {
  for (const { raw, txid } of history.entries ?? [])
    if (raw !== undefined) same(idOf(raw), txid, 'the id of the bytes of a row')
}

async function failureOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => undefined,
    (error: unknown) => error,
  )
}

function reasonOf(error: unknown): string {
  if (isCofferError(error, 'BROADCAST_REJECTED')) return String(error.details.reason)
  throw error
}

function hashOf(header: string | undefined): string {
  return flip(toHex(sha256(sha256(fromHex(header ?? '')))))
}

function flip(hex = ''): string {
  return hex.match(/../g)?.reverse().join('') ?? ''
}

/** The id of raw bytes: the hash of all but marker, flag and witnesses. */
function idOf(raw: string): string {
  if (!raw.startsWith('0001', 8)) return hashOf(raw)
  const bytes = fromHex(raw)
  let at = 6
  const count = (): number => {
    const first = bytes[at++] ?? 0
    if (first < 0xfd) return first
    const size = 2 << (first - 0xfd)
    const value = Number.parseInt(flip(toHex(bytes.slice(at, at + size))), 16)
    at += size
    return value
  }
  const skip = (size: number): void => {
    at += size
  }
  for (let left = count(); left > 0; left--) {
    skip(36)
    skip(count())
    skip(4)
  }
  for (let left = count(); left > 0; left--) {
    skip(8)
    skip(count())
  }
  return hashOf(raw.slice(0, 8) + raw.slice(12, at * 2) + raw.slice(-8))
}
