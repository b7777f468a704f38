import { schnorr, secp256k1 } from '@noble/curves/secp256k1.js'
import { sha256 } from '@noble/hashes/sha2.js'
import { p2wpkh, type Transaction } from '@scure/btc-signer'
import { describe, expect, it } from 'vitest'
import { bitcoinDeviceApp } from './bitcoin.ts'
import {
  AppClient,
  clientOf,
  DefaultWalletPolicy,
  lyingClientOf,
  WalletPolicy,
} from './bitcoin-client.fixture.ts'
import { leafHash } from './bitcoin-merkle.ts'
import { type Account, accounts, keyText, type SpentInput, transactionOf } from './bitcoin-psbt.fixture.ts'
import { type LedgerDevice, ledgerDevice } from './device.ts'
import { bytes, deviceWith, hex, MNEMONIC, withPath } from './exchange.fixture.ts'
import type { Person } from './person.ts'

const ELSEWHERE = {
  amount: 40_000n,
  script: bytes('0014751e76e8199196d454941c45d1b3a323f1433bd6'),
}
const ELSEWHERE_TEXT = 'bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4'

const app = (person?: Person): LedgerDevice => deviceWith(bitcoinDeviceApp(), person)

type Client = Awaited<ReturnType<typeof clientOf>>
type Signature = Awaited<ReturnType<Client['signPsbt']>>[number][1]

const isSingle = ({ keys }: Account): boolean => keys.length === 1

/** The policy of an account and, for one that needs it, its registration. */
async function registered(client: Client, { descriptor, keys }: Account) {
  if (keys.length === 1) return [new DefaultWalletPolicy(descriptor, keys[0]!), null] as const
  const policy = new WalletPolicy('Savings', descriptor, keys)
  return [policy, (await client.registerWallet(policy))[1]] as const
}

async function sign(client: Client, account: Account, transaction: Transaction) {
  const [policy, registration] = await registered(client, account)
  return client.signPsbt(Buffer.from(transaction.toPSBT(0)), policy, registration)
}

const lastScreen = (device: LedgerDevice) => device.shown.at(-1)!
const fails = (call: Promise<unknown>, statusCode: number) =>
  expect(call).rejects.toMatchObject({ statusCode })

/** Whether a signature signs an input, by another library's hash. */
function isSigned(
  transaction: Transaction,
  input: number,
  key: Uint8Array,
  signature: Uint8Array,
  type: number,
): boolean {
  const { nonWitnessUtxo, witnessUtxo, redeemScript, witnessScript } = transaction.getInput(input)
  if (key.length === 32) {
    const all = Array.from(
      { length: transaction.inputsLength },
      (_, at) => transaction.getInput(at).witnessUtxo!,
    )
    const hash = transaction.preimageWitnessV1(
      input,
      all.map(({ script }) => script),
      type,
      all.map(({ amount }) => amount),
    )
    return schnorr.verify(signature.slice(0, 64), hash, key)
  }
  const hash = witnessUtxo
    ? transaction.preimageWitnessV0(
        input,
        witnessScript ?? codeOf(redeemScript ?? witnessUtxo.script),
        type,
        witnessUtxo.amount,
      )
    : // Private to the library, and the only hash of its kind that it has.
      (transaction as unknown as { preimageLegacy(...args: unknown[]): Uint8Array }).preimageLegacy(
        input,
        redeemScript ?? nonWitnessUtxo!.outputs[1]!.script,
        type,
      )
  return secp256k1.verify(signature.slice(0, -1), hash, key, { prehash: false, format: 'der' })
}

/** What is signed of a program that pays to a key. */
const codeOf = (program: Uint8Array): Uint8Array =>
  Uint8Array.of(0x76, 0xa9, 0x14, ...program.slice(2), 0x88, 0xac)

describe('transactions of', () => {
  it.each(Object.entries(accounts))('%s', async (_, account) => {
    const device = app()
    const transaction = transactionOf(
      [{ account }, { account, change: 1, index: 3 }],
      [ELSEWHERE, { account, amount: 150_000n }],
    )
    const signatures = await sign(await clientOf(device), account, transaction)
    expect(signatures.map(([input]) => input)).toEqual([0, 1])
    for (const [input, { pubkey, signature }] of signatures) {
      const key = Uint8Array.from(pubkey)
      const isTaproot = key.length === 32
      if (!isTaproot) expect(signature.at(-1)).toBe(1)
      expect(isSigned(transaction, input, key, Uint8Array.from(signature), isTaproot ? 0 : 1)).toBe(true)
    }
    expect(lastScreen(device)).toEqual({
      app: 'Bitcoin',
      kind: 'transaction',
      fields: [
        ...(isSingle(account) ? [] : [['From', 'Savings']]),
        ['Amount', '0.0004 BTC'],
        ['To', ELSEWHERE_TEXT],
        ['Fees', '0.0001 BTC'],
      ],
      warnings: [],
      deed: 'approve',
    })
  })

  it('the first protocol, without the keys', async () => {
    const device = app()
    const transport = await device.connect()
    const send: typeof transport.send = (cla, ins, p1, p2, data, words) =>
      transport.send(cla, ins, p1, ins === 4 ? 0 : p2, data, words)
    const client = new AppClient({ ...transport, send })
    await sign(client, accounts.wpkh, transactionOf([{ account: accounts.wpkh }], [ELSEWHERE])).catch(
      () => {},
    )
    const yielded = device.log.map(([, answer]) => answer).filter((answer) => answer.startsWith('1000'))
    expect(yielded).toHaveLength(1)
    expect(yielded[0]).toMatch(/^100030/)
  })
})

describe('types of signatures', () => {
  const types = [1, 2, 3, 0x81, 0x82, 0x83]
  const cases = (['wpkh', 'sh(wpkh)', 'wsh(sortedmulti)', 'tr'] as const).flatMap((name) =>
    types.map((type) => [name, type] as const),
  )

  it.each([...cases, ['tr', 0] as const])('%s with %i', async (name, sighashType) => {
    const account = accounts[name]
    const device = app()
    const transaction = transactionOf(
      [
        { account, sighashType },
        { account, sighashType },
      ],
      [ELSEWHERE, { account, amount: 150_000n }],
    )
    const signatures = await sign(await clientOf(device), account, transaction)
    expect(signatures).toHaveLength(2)
    for (const [input, { pubkey, signature }] of signatures) {
      expect(
        isSigned(transaction, input, Uint8Array.from(pubkey), Uint8Array.from(signature), sighashType),
      ).toBe(true)
      if (sighashType === 0) expect(signature).toHaveLength(64)
      else expect(signature.at(-1)).toBe(sighashType)
    }
    const isUsual = sighashType <= 1
    expect(lastScreen(device).warnings).toEqual(isUsual ? [] : ['Non-default sighash'])
  })

  it.each([
    ['wpkh', 0],
    ['wpkh', 4],
    ['wpkh', 0x80],
    ['tr', 0x80],
    ['pkh', 2],
    ['pkh', 0x81],
  ] as const)('that are never made: %s with %i', async (name, sighashType) => {
    const account = accounts[name]
    const transaction = transactionOf([{ account, sighashType }], [ELSEWHERE])
    await fails(sign(await clientOf(app()), account, transaction), 0x6a82)
  })

  it('of an output that there is not', async () => {
    const account = accounts.wpkh
    const inputs = [{ account }, { account, sighashType: 3 }]
    await fails(sign(await clientOf(app()), account, transactionOf(inputs, [ELSEWHERE])), 0x6a82)
  })
})

describe('outputs', () => {
  const account = accounts.wpkh
  const screenOf = async (...outputs: Parameters<typeof transactionOf>[1]) => {
    const device = app()
    await sign(await clientOf(device), account, transactionOf([{ account, amount: 1_000_000n }], outputs))
    return lastScreen(device)
  }

  it('that are no change are shown: of the receiving branch, of another account, of a false derivation', async () => {
    const receiving = { account, amount: 1n, change: 0 }
    const other = { account: accounts['sh(wpkh)'], amount: 2n }
    const { fields } = await screenOf({ account, amount: 900_000n }, receiving, other)
    expect(fields.filter(([label]) => label !== 'To')).toEqual([
      ['Transaction output', '1 of 2'],
      ['Amount', '0.00000001 BTC'],
      ['Transaction output', '2 of 2'],
      ['Amount', '0.00000002 BTC'],
      ['Fees', '0.00099997 BTC'],
    ])
    const lie = await screenOf({ account, amount: 990_000n, script: ELSEWHERE.script })
    expect(lie.fields).toEqual([
      ['Amount', '0.0099 BTC'],
      ['To', ELSEWHERE_TEXT],
      ['Fees', '0.0001 BTC'],
    ])
  })

  it('that are all change are a transfer to oneself', async () => {
    expect((await screenOf({ account, amount: 999_000n })).fields).toEqual([
      ['Amount', '0 BTC (self-transfer)'],
      ['Fees', '0.00001 BTC'],
    ])
  })

  it.each([
    ['6a', 'OP_RETURN'],
    ['6a0b68656c6c6f20776f726c64', 'OP_RETURN 0x68656c6c6f20776f726c64'],
    ['6a005160', 'OP_RETURN 0 1 16'],
    ['6a4f', 'OP_RETURN -1'],
    [`6a4c4c${'ab'.repeat(76)}`, `OP_RETURN 0x${'ab'.repeat(76)}`],
    [`5120${'01'.repeat(32)}`, 'bc1pqyqszqgpqyqszqgpqyqszqgpqyqszqgpqyqszqgpqyqszqgpqyqsyjer9e'],
    ['51024e73', 'bc1pfeessrawgf'],
    [`0020${'00'.repeat(32)}`, 'bc1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqthqst8'],
    [`76a914${'00'.repeat(20)}88ac`, '1111111111111111111114oLvT2'],
    [`a914${'00'.repeat(20)}87`, '31h1vYVSYuKP6AhS86fbRdMw9XHieotbST'],
  ])('of the script %s', async (script, text) => {
    const { fields } = await screenOf({ amount: 999_000n, script: bytes(script) })
    expect(fields[1]).toEqual(['To', text])
  })

  it.each([
    '51',
    '6a0101',
    '6a6b',
    '6a05aa',
    '6a4c01aa',
    '6a515151515151',
    `21${'02'.repeat(33)}ac`,
    `0021${'00'.repeat(33)}`,
  ])('of the script %s are refused', async (script) => {
    await fails(screenOf({ amount: 999_000n, script: bytes(script) }), 0x6a82)
  })

  it('of more than are remembered are shown all', async () => {
    const outputs = Array.from({ length: 20 }, (_, at) => ({ ...ELSEWHERE, amount: BigInt(at + 1) }))
    const { fields } = await screenOf(...outputs)
    expect(fields).toHaveLength(61)
    expect(fields[58]).toEqual(['Amount', '0.0000002 BTC'])
  })

  it('of more than is spent, or of much change, are refused', async () => {
    await fails(screenOf({ ...ELSEWHERE, amount: 1_000_001n }), 0x6a80)
    const change = Array.from({ length: 11 }, (_, index) => ({ account, amount: 1n, index }))
    await fails(screenOf(...change), 0x6a82)
  })
})

describe('what the device warns of', () => {
  const warningsOf = async (account: Account, inputs: readonly SpentInput[], amount = 40_000n) => {
    const device = app()
    const transaction = transactionOf(inputs, [{ ...ELSEWHERE, amount }])
    const signatures = await sign(await clientOf(device), account, transaction)
    return [lastScreen(device).warnings, signatures.map(([input]) => input)]
  }
  const account = accounts.wpkh

  it('inputs without the transaction that they spend', async () => {
    expect(await warningsOf(account, [{ account, amount: 41_000n, withoutTransaction: true }])).toEqual([
      ['Unverified inputs'],
      [0],
    ])
    expect(await warningsOf(accounts.tr, [{ account: accounts.tr, amount: 41_000n }])).toEqual([[], [0]])
  })

  it('inputs of somebody else, which it does not sign', async () => {
    const strange = { account: accounts['sh(wpkh)'], amount: 1000n, isStrange: true }
    expect(await warningsOf(account, [strange, { account, amount: 41_000n }])).toEqual([
      ['External inputs'],
      [1],
    ])
  })

  it('high fees', async () => {
    expect(await warningsOf(account, [{ account, amount: 100_001n }], 90_001n)).toEqual([[], [0]])
    expect(await warningsOf(account, [{ account, amount: 100_001n }], 90_000n)).toEqual([['High fees'], [0]])
    expect(await warningsOf(account, [{ account, amount: 100_000n }], 1n)).toEqual([[], [0]])
  })
})

describe('inputs that are refused', () => {
  const { wpkh, pkh } = accounts
  const refused = async (
    account: Account,
    input: Omit<SpentInput, 'account'>,
    change?: (psbt: Buffer) => Buffer,
  ) => {
    const client = await clientOf(app())
    const [policy, registration] = await registered(client, account)
    const psbt = Buffer.from(transactionOf([{ account, ...input }], [ELSEWHERE]).toPSBT(0))
    await fails(client.signPsbt(change ? change(psbt) : psbt, policy, registration), 0x6a80)
  }

  it('without what they spend', () => refused(wpkh, { withoutTransaction: true, withoutClaim: true }))
  it('with a witness, without the claim', () => refused(wpkh, { withoutClaim: true }))
  it('none of which is of the policy', () => refused(wpkh, { isStrange: true }))
  it('of an index that is hardened', () =>
    refused(wpkh, {}, (psbt) => {
      // The last step of the derivation.
      const at = psbt.indexOf(Buffer.from('540000800000008000000080', 'hex'))
      psbt.writeUInt32LE(0x80000000, at + 16)
      return psbt
    }))

  const replaced = (psbt: Buffer, from: string, to: string): Buffer => {
    const text = psbt.toString('hex')
    const at = text.lastIndexOf(from)
    expect(at).toBeGreaterThan(0)
    return Buffer.from(text.slice(0, at) + to + text.slice(at + from.length), 'hex')
  }

  it('whose claimed amount is another than that of the transaction', () =>
    // The last amount of 100 000 is the claimed one.
    refused(wpkh, {}, (psbt) => replaced(psbt, 'a086010000000000', 'a186010000000000')))
  it('whose transaction is another than the one spent', () =>
    refused(pkh, {}, (psbt) => replaced(psbt, 'a086010000000000', 'a186010000000000')))

  it('reasons are told', async () => {
    const device = app()
    const client = await clientOf(device)
    const [policy] = await registered(client, wpkh)
    const transaction = transactionOf([{ account: wpkh, withoutClaim: true }], [ELSEWHERE])
    await fails(client.signPsbt(Buffer.from(transaction.toPSBT(0)), policy, null), 0x6a80)
    expect(device.log.at(-1)![1]).toBe('00076a80')
  })
})

describe('policies', () => {
  const multisig = accounts['wsh(sortedmulti)']
  const policy = new WalletPolicy('Savings', multisig.descriptor, multisig.keys)
  const FALSE = Buffer.alloc(32, 1)

  it('are shown before they are registered', async () => {
    const device = app()
    await (await clientOf(device)).registerWallet(policy)
    expect(device.shown).toEqual([
      {
        app: 'Bitcoin',
        kind: 'wallet policy',
        fields: [
          ['Account name', 'Savings'],
          ['Wallet policy', multisig.descriptor],
          ['Their key@0', multisig.keys[0]],
          ['Our key@1', multisig.keys[1]],
        ],
        warnings: [],
        deed: 'approve',
      },
    ])
  })

  it('are of one seed: with a passphrase they are another’s', async () => {
    const registration = (await (await clientOf(app())).registerWallet(policy))[1]
    const other = ledgerDevice({
      mnemonic: MNEMONIC,
      passphrase: 'x',
      apps: [bitcoinDeviceApp()],
      open: 'Bitcoin',
    })
    await fails((await clientOf(other)).getWalletAddress(policy, registration, 0, 0, false), 0xb008)
  })

  it('with a false registration are refused with b008, without one with 6a80', async () => {
    const client = await clientOf(app())
    const psbt = Buffer.from(transactionOf([{ account: multisig }], [ELSEWHERE]).toPSBT(0))
    await fails(client.getWalletAddress(policy, FALSE, 0, 0, false), 0xb008)
    await fails(client.signPsbt(psbt, policy, FALSE), 0xb008)
    await fails(client.getWalletAddress(policy, null, 0, 0, false), 0x6a80)
    await fails(client.signPsbt(psbt, policy, null), 0x6a80)
  })

  it('refused by their owner', async () => {
    await fails((await clientOf(app(() => 'refuse'))).registerWallet(policy), 0x6985)
  })

  it('show addresses with their names', async () => {
    const device = app()
    const client = await clientOf(device)
    const [, registration] = await registered(client, multisig)
    const address = await client.getWalletAddress(policy, registration, 0, 9, true)
    expect(lastScreen(device).fields).toEqual([
      ['Account name', 'Savings'],
      ['Address', address],
    ])
  })

  it.each(Object.entries(accounts))('%s: its addresses are those of another library', async (_, account) => {
    // The client compares each with what it derives itself.
    const client = await clientOf(app())
    const [policy, registration] = await registered(client, account)
    for (const [change, index] of [
      [0, 0],
      [1, 7],
      [0, 50_000],
    ] as const)
      expect(await client.getWalletAddress(policy, registration, change, index, false)).toMatch(/^(bc1|1|3)/)
  })

  const own = keyText("84'/0'/0'")
  it.each([
    ['of another purpose', 'wpkh(@0/**)', keyText("49'/0'/0'"), 0x6a80],
    ['of another coin', 'wpkh(@0/**)', keyText("84'/1'/0'"), 0x6a80],
    ['of a high account', 'wpkh(@0/**)', keyText("84'/0'/101'"), 0x6a80],
    ['of other steps', 'wpkh(@0/<0;2>/*)', own, 0x6a80],
    ['without an origin', 'wpkh(@0/**)', own.replace(/\[.*\]/, ''), 0x6a80],
    ['of another origin', 'wpkh(@0/**)', own.replace("0'/0'", "0'/1'"), 0x6a80],
    ['of a script that is not known', 'tr(@0/**,pk(@0/<2;3>/*))', keyText("86'/0'/0'"), 0x6a80],
    ['of no script', 'wpkh(@0/**', own, 0x6a80],
  ])('that are not standard are refused: %s', async (_, descriptor, key, word) => {
    const client = await clientOf(app())
    await fails(client.getWalletAddress(new DefaultWalletPolicy(descriptor, key), null, 0, 0, false), word)
  })

  it('that are standard have no name, and no address beyond 50 000', async () => {
    const client = await clientOf(app())
    await fails(
      client.getWalletAddress(new WalletPolicy('a', 'wpkh(@0/**)', [own]), null, 0, 0, false),
      0x6a80,
    )
    await fails(
      client.getWalletAddress(new DefaultWalletPolicy('wpkh(@0/**)', own), null, 0, 50_001, false),
      0x6a80,
    )
  })

  const [theirs, ours] = multisig.keys as readonly [string, string]
  it.each([
    ['a name that is empty', '', multisig.descriptor, [theirs, ours], 0x6a80],
    ['a name with a space at its end', 'a ', multisig.descriptor, [theirs, ours], 0x6a80],
    ['a name beyond ASCII', 'ä', multisig.descriptor, [theirs, ours], 0x6a80],
    ['no key of this device', 'a', 'wsh(multi(1,@0/**))', [theirs], 0x6a80],
    ['the same key twice', 'a', multisig.descriptor, [ours, ours], 0x6a82],
    ['the same steps twice', 'a', 'wsh(multi(2,@0/**,@0/<1;2>/*))', [ours], 0x6a82],
    ['a key too many', 'a', 'wsh(multi(1,@0/**))', [ours, theirs], 0x6a80],
    ['a threshold above its keys', 'a', 'wsh(multi(3,@0/**,@1/**))', [ours, theirs], 0x6a80],
    ['a key of another network', 'a', 'wsh(multi(1,@0/**))', [ours.replace('xpub', 'tpub')], 0x6a80],
    [
      'a key at a path that the app may not use',
      'a',
      'wsh(multi(1,@0/**))',
      [keyText("48'/60'/0'/2'")],
      0x6a82,
    ],
  ])('are not registered with %s', async (_, name, descriptor, keys, word) => {
    await fails((await clientOf(app())).registerWallet(new WalletPolicy(name, descriptor, keys)), word)
  })
})

describe('a host that lies', () => {
  const account = accounts.wpkh
  const questions = [
    ['another preimage', 0x40, 2, [0, 3, 10, 40]],
    ['another leaf', 0x41, 5, [0, 3, 10, 40]],
    ['another key', 0x42, 0, [0, 3, 10, 27]],
  ] as const

  it.each(questions)('with %s gets no signature', async (_, code, at, turns) => {
    for (const turn of turns) {
      const device = app()
      let asked = 0
      let lied = false
      const client = await lyingClientOf(device, (question, answer) => {
        if (question[0] !== code || asked++ !== turn) return answer
        lied = true
        answer[at]! ^= 1
        return answer
      })
      const [policy] = await registered(client, account)
      const transaction = transactionOf(
        [{ account }, { account }],
        [ELSEWHERE, { account, amount: 150_000n }],
      )
      const call = client.signPsbt(Buffer.from(transaction.toPSBT(0)), policy, null)
      await expect(call).rejects.toBeInstanceOf(Error)
      expect(lied).toBe(true)
      expect(device.log.at(-1)![1]).toMatch(/6a80$/)
      expect(device.log.some(([, answer]) => answer.startsWith('1000'))).toBe(false)
    }
  })

  it('that hides a sequence number gets a signature of the highest one, as from the real app', async () => {
    const key = hex(leafHash(Uint8Array.of(0x10)))
    const client = await lyingClientOf(app(), (question, answer) =>
      question[0] === 0x42 && hex(question.subarray(33, 65)) === key ? Buffer.from([0, 0]) : answer,
    )
    const transaction = transactionOf([{ account }], [ELSEWHERE])
    const [[, { pubkey, signature }]] = (await sign(client, account, transaction)) as [[number, Signature]]
    const [key33, der] = [Uint8Array.from(pubkey), Uint8Array.from(signature)]
    expect(isSigned(transaction, 0, key33, der, 1)).toBe(false)
    transaction.updateInput(0, { sequence: 0xffffffff })
    expect(isSigned(transaction, 0, key33, der, 1)).toBe(true)
  })

  it('about a policy, a message', async () => {
    const lie = (question: Buffer, answer: Buffer): Buffer => {
      if (question[0] === 0x40) answer[3]! ^= 1
      return answer
    }
    const client = await lyingClientOf(app(), lie)
    const [policy] = await registered(client, account)
    await fails(client.getWalletAddress(policy, null, 0, 0, false), 0x6a80)
    await fails(client.signMessage(Buffer.from('hello'), "m/84'/0'/0'/0/0"), 0xb007)
  })
})

describe('extended keys', () => {
  // As Ledger's own tests have them, of the same seed.
  it.each([
    [
      "44'/1'/10'",
      'tpubDCwYjpDhUdPGp21gSpVay2QPJVh6WNySWMXPhbcu1DsxH31dF7mY18oibbu5RxCLBc1Szerjscuc3D5HyvfYqfRvc9mesewnFqGmPjney4d',
    ],
    [
      "48'/1'/4'/1'/0/7",
      'tpubDK8WPFx4WJo1R9mEL7Wq325wBiXvkAe8ipgb9Q1QBDTDUD2YeCfutWtzY88NPokZqJyRPKHLGwTNLT7jBG59aC6VH8q47LDGQitPB6tX2d7',
    ],
    [
      "45'/1'/0'/1",
      'tpubDFGDxRGdGFKekUtPuta4p9Kw2a2PSeyyhSTa7KNENJfBuJ78EEsL1LxwAA8ddSxZFWBT9gYRuLDoa2rwdix56WRsq77vAJ2iqeyPw6UBeyt',
    ],
    [
      "4541509'/1112098098'",
      'tpubDAs3mrkQXkGyzp7Yo9SXiZNW7Tmia5EmdUpXjuBQvBDDGGr9CnVHehSB6P5RZFY3bwkYBweXir8MhmvPXqYHHVxKrFkm3mfZ5UkjG5ZH8Ui',
    ],
  ])('of the test app: %s', async (path, key) => {
    const device = deviceWith(bitcoinDeviceApp({ network: 'test' }))
    expect(await (await clientOf(device)).getExtendedPubkey(`m/${path}`)).toBe(key)
    expect(device.shown).toEqual([])
  })

  it.each([
    "44'",
    "44'/0'",
    "44'/1'/0'",
    "44'/0'/0",
    "44'/0/0'",
    "44/0'/0'",
    "44'/0'/0'/0'",
    "44'/0'/101'",
    "48'/0'/0'",
    "48'/0'/0'/0'",
    "48'/0'/0'/3'",
    "999'/0'/0'",
  ])('that are unusual are not given in silence: %s', async (path) => {
    await fails((await clientOf(app())).getExtendedPubkey(`m/${path}`), 0x6a82)
  })

  it('are shown when they are asked for so, and refused', async () => {
    const device = app()
    const key = await (await clientOf(device)).getExtendedPubkey("m/999'/0'/7", true)
    expect(device.shown[0]).toMatchObject({
      kind: 'public key',
      fields: [
        ['Path', "m/999'/0'/7"],
        ['Public key', key],
      ],
    })
    await fails((await clientOf(app(() => 'refuse'))).getExtendedPubkey("m/84'/0'/0'", true), 0x6985)
    await fails((await clientOf(device)).getExtendedPubkey("m/84'/60'/0'", true), 0x6a82)
  })
})

describe('messages', () => {
  const PATH = "m/84'/0'/0'/0/0"

  it.each([
    ['hello', ['Message', 'hello']],
    ['', ['Message', '']],
    ['a\nb', ['Message', 'a\nb']],
    ['x'.repeat(640), ['Message', 'x'.repeat(640)]],
    ['x'.repeat(641), ['Message hash', hex(sha256(Buffer.from('x'.repeat(641)))).toUpperCase()]],
    ['ä', ['Message hash', hex(sha256(Buffer.from('ä'))).toUpperCase()]],
  ])('%j', async (message, field) => {
    const device = app()
    const signature = Buffer.from(
      await (await clientOf(device)).signMessage(Buffer.from(message), PATH),
      'base64',
    )
    expect(lastScreen(device).fields).toEqual([['Path', PATH], field])
    const text = Buffer.from(message)
    const length =
      text.length < 253 ? Buffer.from([text.length]) : Buffer.from([253, text.length & 255, text.length >> 8])
    const hash = sha256(sha256(Buffer.concat([Buffer.from('\x18Bitcoin Signed Message:\n'), length, text])))
    const recovered = secp256k1.recoverPublicKey(
      Uint8Array.from([signature[0]! - 31, ...signature.subarray(1)]),
      hash,
      { prehash: false },
    )
    const { descriptor, keys } = accounts.wpkh
    const first = await (await clientOf(device)).getWalletAddress(
      new DefaultWalletPolicy(descriptor, keys[0]!),
      null,
      0,
      0,
      false,
    )
    expect(p2wpkh(recovered).address).toBe(first)
  })

  it('are refused by their owner, and not signed at paths that the app may not use', async () => {
    await fails((await clientOf(app(() => 'refuse'))).signMessage(Buffer.from('a'), PATH), 0x6985)
    await fails((await clientOf(app())).signMessage(Buffer.from('a'), "m/44'/60'/0'/0/0"), 0xb007)
  })
})

describe('commands', () => {
  const exchange = async (device: LedgerDevice, command: string) => hex(await device.exchange(bytes(command)))

  it.each([
    ['of another class', 'e005000100', '6e00'],
    ['of an unknown instruction', 'e101000100', '6d00'],
    ['of a later protocol', 'e105000200', '6a86'],
    ['to go on with nothing', 'f801000000', 'b007'],
    ['of the framework', 'f802000000', '6e00'],
    ['without data', 'e100000100', '6a87'],
    ['with a path that ends early', 'e100000106000380000054', '6a87'],
    ['with a long path', 'e100000102000b', '6a80'],
    ['to show in another way', `e100000112${'02'}${hex(withPath("84'/0'/0'/0"))}`, '6a80'],
  ])('%s', async (_, command, answer) => {
    expect(await exchange(app(), command)).toBe(answer)
  })

  it('of the fingerprint', async () => {
    expect(await exchange(app(), 'e105000100')).toBe('f5acc2fd9000')
  })

  const ask = `e1030001${'46'}00${'01'.repeat(32)}${'00'.repeat(32)}0000000000`

  it('that wait are ended by any other', async () => {
    const device = app()
    expect(await exchange(device, ask)).toBe(`4000${'01'.repeat(32)}e000`)
    expect(await exchange(device, 'e105000100')).toBe('6a80')
    expect(await exchange(device, 'f801000000')).toBe('b007')
  })

  it('that wait are not ended by a command of the operating system, but by closing the app', async () => {
    const device = app()
    await exchange(device, ask)
    expect(await exchange(device, 'b001000000')).toMatch(/9000$/)
    expect(await exchange(device, 'f801000000')).toBe('6a80')
    await exchange(device, ask)
    device.open('Bitcoin')
    expect(await exchange(device, 'f801000000')).toBe('b007')
  })

  it('whose owner pulls the cable', async () => {
    const device = app((screen) => (screen.kind === 'transaction' ? 'unplug' : 'approve'))
    const account = accounts.wpkh
    const call = sign(await clientOf(device), account, transactionOf([{ account }], [ELSEWHERE]))
    await expect(call).rejects.toMatchObject({ name: 'DisconnectedDeviceDuringOperation' })
  })

  it('whose owner refuses', async () => {
    const device = app(() => 'refuse')
    const account = accounts.wpkh
    await fails(sign(await clientOf(device), account, transactionOf([{ account }], [ELSEWHERE])), 0x6985)
    expect(device.log.some(([, answer]) => answer.startsWith('1000'))).toBe(false)
  })

  it('of the test app are of its network', async () => {
    const device = deviceWith(bitcoinDeviceApp({ network: 'test' }))
    expect(device.app).toBe('Bitcoin Test')
    await fails((await clientOf(device)).getExtendedPubkey("m/84'/0'/0'"), 0x6a82)
  })
})
