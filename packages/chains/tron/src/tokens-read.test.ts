import { createEVM } from '@ethereumjs/evm'
import { hexToBytes as bytesOf, createAddressFromString } from '@ethereumjs/util'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { addressFromBytes, addressToHex } from './address.ts'
import { abiText, BOB, EVE, fakeWallet, OWN, ok, TRX, USDT, word } from './fake-source.fixture.ts'
import { bytesToHex } from './hex.ts'
import { when } from './hostile.fixture.ts'
import { readerAnswers, readerCode } from './reader.ts'
import { checkDecimals, uintAnswer } from './tokens-read.ts'

const RUN = 'wallet/triggerconstantcontract'
/** Code that returns these bytes, or reverts with them: codecopy(0, 12, size); return(0, size). */
const returning = (bytes: string, op: 'f3' | 'fd' = 'f3'): string =>
  `61${(bytes.length / 2).toString(16).padStart(4, '0')}80600c6000396000${op}${bytes}`

/** Runs the code of the reader in a real machine, with these contracts in it. */
async function run(contracts: Readonly<Record<string, string>>, queries: Parameters<typeof readerCode>[0]) {
  const evm = await createEVM()
  for (const [address, code] of Object.entries(contracts))
    await evm.stateManager.putCode(
      createAddressFromString(`0x${addressToHex(address).slice(2)}`),
      bytesOf(`0x${code}`),
    )
  const { execResult } = await evm.runCall({
    data: bytesOf(`0x${readerCode(queries)}`),
    gasLimit: 30_000_000n,
  })
  expect(execResult.exceptionError).toBeUndefined()
  return readerAnswers(bytesToHex(execResult.returnValue), queries.length)
}

describe('the code that reads many contracts at once', () => {
  it('gives each its answer, as a real machine runs it', async () => {
    const answers = await run(
      {
        [USDT]: returning(word(6n)),
        [BOB]: returning('aabb', 'fd'),
        [EVE]: '5b600056',
        [OWN]: returning('cc'.repeat(3_000)),
      },
      [
        { to: USDT, data: '313ce567' },
        { to: BOB, data: '' },
        { to: EVE, data: '313ce567' },
        { to: addressFromBytes(new Uint8Array(20).fill(9)), data: '00' },
        { to: OWN, data: 'ff'.repeat(68) },
        { to: USDT, data: '313ce567' },
      ],
    )
    expect(answers).toEqual([
      { ok: true, data: word(6n) },
      { ok: false, data: 'aabb' },
      { ok: false, data: '' },
      { ok: true, data: '' },
      { ok: true, data: 'cc'.repeat(1_024) },
      { ok: true, data: word(6n) },
    ])
  })

  it('hands on exactly the data of each read', async () => {
    // Returns what it was called with: calldatacopy(0, 0, size); return(0, size).
    const echo = '366000600037366000f3'
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.uint8Array({ maxLength: 100 }).map(bytesToHex), { minLength: 1, maxLength: 20 }),
        async (all) => {
          const answers = await run(
            { [USDT]: echo },
            all.map((data) => ({ to: USDT, data })),
          )
          expect(answers).toEqual(all.map((data) => ({ ok: true, data })))
        },
      ),
      { numRuns: 20 },
    )
  })

  it('what is not its answer is none', () => {
    const answer = `010020${word(6n)}`
    expect(readerAnswers(answer, 1)).toEqual([{ ok: true, data: word(6n) }])
    for (const [returned, length] of [
      ['', 1],
      [answer, 2],
      [answer, 0],
      [answer.slice(0, -2), 1],
      [`${answer}00`, 1],
      [`01ffff${word(6n)}`, 1],
    ] as const)
      expect(readerAnswers(returned, length)).toBeUndefined()
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.integer({ min: 0, max: 5 }), (bytes, length) => {
        const returned = bytesToHex(bytes)
        const answers = readerAnswers(returned, length)
        if (answers) expect(answers.reduce((sum, { data }) => sum + data.length + 6, 0)).toBe(returned.length)
      }),
    )
    expect(() => readerCode(Array.from({ length: 401 }, () => ({ to: USDT, data: '' })))).toThrow(
      expect.objectContaining({ code: 'INVALID_REQUEST' }),
    )
  })
})

describe('balances', () => {
  it('come in two calls, or one for each token where a node runs no code without a contract', async () => {
    for (const deployless of [true, false]) {
      const { account, node } = await fakeWallet()
      node.deployless = deployless
      const balances = await account.balances()
      expect(balances.map(({ asset, amount, error }) => [asset.symbol, amount, error?.code])).toEqual([
        ['TRX', 1_000n * TRX, undefined],
        ['USDT', 1_000n * TRX, undefined],
        ['USDC', undefined, 'TOKEN_UNREADABLE'],
      ])
      expect(node.calls.filter(({ path }) => path === RUN)).toHaveLength(deployless ? 1 : 3)
    }
  })

  it('that cannot be read are errors, never 0', async () => {
    const { account, node } = await fakeWallet()
    for (const said of ['', '00', word(5n).slice(2), word(5n) + word(5n)]) {
      node.tokens.get(USDT)!.says.set('70a08231', said)
      await expect(account.balance('USDT')).rejects.toMatchObject({ code: 'TOKEN_UNREADABLE' })
    }
    node.tokens.get(USDT)!.says.set('70a08231', word(2n ** 256n - 1n))
    expect(await account.balance('USDT')).toBe(2n ** 256n - 1n)
    for (const value of [
      5,
      null,
      [],
      { constant_result: 'xx' },
      { result: { result: true }, constant_result: ['zz'] },
    ]) {
      node.bend = when(RUN, () => ok(value))
      await expect(account.balance('USDT'), JSON.stringify(value)).rejects.toMatchObject({
        name: 'CofferError',
      })
    }
    node.bend = when('wallet/getaccount', () => ok([]))
    await expect(account.balance()).rejects.toMatchObject({ code: 'BAD_RESPONSE' })
  })

  it('of TRC-10 tokens are in the account, and 0 where it has none', async () => {
    const { account, node } = await fakeWallet()
    node.accounts.set(OWN, { address: OWN, assetV2: [{ key: '1000001', value: 9 }] })
    expect(await account.balance('tron:0x2b6653dc/trc10:1000001')).toBe(9n)
    expect(await account.balance('tron:0x2b6653dc/trc10:1000002')).toBe(0n)
  })
})

describe('tokens of no list', () => {
  it('TRC-20: symbol and name as strings or as 32 bytes', async () => {
    const { account, node } = await fakeWallet()
    const token = node.token(EVE, { decimals: 8n })
    expect(await account.token(EVE)).toEqual({
      id: `tron:0x2b6653dc/trc20:${EVE}`,
      symbol: 'TOK',
      name: 'TOK',
      decimals: 8,
      unlisted: true,
    })
    token.says.set('95d89b41', bytesToHex(new TextEncoder().encode('OLD')).padEnd(64, '0'))
    expect((await account.token(EVE)).symbol).toBe('OLD')
    for (const said of ['', '00', word(32n), word(32n) + word(2n ** 200n), abiText('\u202e\u0000')]) {
      token.says.set('95d89b41', said)
      expect(await account.token(EVE), said).toMatchObject({ symbol: 'unnamed' })
    }
    token.says.set('95d89b41', abiText('x'.repeat(200)))
    expect((await account.token(EVE)).symbol).toHaveLength(16)
    node.deployless = false
    expect((await account.token(EVE)).decimals).toBe(8)
  })

  it('TRC-10 by their number', async () => {
    const { account, node } = await fakeWallet()
    const issue = (value: unknown) => {
      node.bend = when('wallet/getassetissuebyid', () => ok(value))
    }
    issue({ id: '1000001', abbr: '425454', name: '426974546f7272656e74', precision: 6 })
    expect(await account.token('1000001')).toMatchObject({ symbol: 'BTT', name: 'BitTorrent', decimals: 6 })
    for (const wrong of [
      {},
      { id: '1000002' },
      { id: '1000001', precision: 7 },
      { id: '1000001', precision: '6' },
      { id: '1000001', precision: -1 },
    ]) {
      issue(wrong)
      await expect(account.token('1000001'), JSON.stringify(wrong)).rejects.toMatchObject({
        code: 'TOKEN_UNREADABLE',
      })
    }
    issue([])
    await expect(account.token('1000001')).rejects.toMatchObject({ code: 'BAD_RESPONSE' })
  })

  it('nobody at the address is no token', async () => {
    for (const deployless of [true, false]) {
      const { account, node } = await fakeWallet()
      node.deployless = deployless
      await expect(account.token(BOB)).rejects.toMatchObject({ code: 'TOKEN_UNREADABLE' })
    }
  })
})

describe('allowances and decimals', () => {
  it('are read whole or not at all', async () => {
    const { account, node } = await fakeWallet()
    expect(await account.allowance({ asset: 'USDT', spender: BOB })).toBe(0n)
    node.tokens.get(USDT)!.says.set('dd62ed3e', word(2n ** 256n - 1n))
    expect(await account.allowance({ asset: 'USDT', spender: BOB })).toBe(2n ** 256n - 1n)
    node.tokens.get(USDT)!.says.set('dd62ed3e', '')
    await expect(account.allowance({ asset: 'USDT', spender: BOB })).rejects.toMatchObject({
      code: 'TOKEN_UNREADABLE',
    })
    await expect(account.allowance({ asset: 'TRX', spender: BOB })).rejects.toMatchObject({
      code: 'INVALID_ASSET',
    })
    expect(uintAnswer({ ok: false, data: word(5n) })).toBeUndefined()
    const usdt = account.network.tokens[0]!
    const asset = { ...usdt, id: `tron:0x2b6653dc/trc20:${USDT}` as const }
    expect(() => checkDecimals(asset, 6n)).not.toThrow()
    expect(() => checkDecimals({ ...asset, decimals: -1 }, undefined)).not.toThrow()
    for (const found of [7n, undefined, 2n ** 64n + 6n])
      expect(() => checkDecimals(asset, found)).toThrow(expect.objectContaining({ code: 'TOKEN_MISMATCH' }))
  })
})
