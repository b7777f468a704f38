import { sha256 } from '@noble/hashes/sha2.js'
import { HDKey } from '@scure/bip32'
import { mnemonicToSeedSync } from '@scure/bip39'
import { p2ms, p2pkh, p2sh, p2tr, p2wpkh, p2wsh, RawTx, Transaction } from '@scure/btc-signer'
import { MNEMONIC } from './exchange.fixture.ts'

const root: HDKey = HDKey.fromMasterSeed(mnemonicToSeedSync(MNEMONIC))

/** Somebody else's keys. */
const stranger = HDKey.fromMasterSeed(new Uint8Array(32).fill(7))
const fingerprint = (key: HDKey): string => key.fingerprint.toString(16).padStart(8, '0')

export const keyText = (path: string, of: HDKey = root): string =>
  `[${fingerprint(of)}/${path}]${of.derive(`m/${path}`).publicExtendedKey}`

/** A kind of account: its policy, and the scripts of its addresses. */
export interface Account {
  readonly descriptor: string
  readonly keys: readonly string[]
  readonly paths: readonly { readonly of: HDKey; readonly path: string }[]
  payment(keys: readonly Uint8Array[]): {
    readonly script: Uint8Array
    readonly redeemScript?: Uint8Array | undefined
    readonly witnessScript?: Uint8Array | undefined
    readonly tapInternalKey?: Uint8Array | undefined
  }
}

const single = (descriptor: string, path: string, payment: Account['payment']): Account => ({
  descriptor,
  keys: [keyText(path)],
  paths: [{ of: root, path }],
  payment,
})

const multisig = (descriptor: string, payment: Account['payment']): Account => {
  const path = "48'/0'/0'/2'"
  return {
    descriptor,
    keys: [keyText(path, stranger), keyText(path)],
    paths: [
      { of: stranger, path },
      { of: root, path },
    ],
    payment,
  }
}

const inOrder = (keys: readonly Uint8Array[]): Uint8Array[] => [...keys].sort(Buffer.compare)

type AccountName =
  | 'pkh'
  | 'sh(wpkh)'
  | 'wpkh'
  | 'tr'
  | 'wsh(sortedmulti)'
  | 'wsh(multi)'
  | 'sh(wsh(sortedmulti))'
  | 'sh(sortedmulti)'

export const accounts: Readonly<Record<AccountName, Account>> = {
  pkh: single('pkh(@0/**)', "44'/0'/0'", ([key]) => p2pkh(key!)),
  'sh(wpkh)': single('sh(wpkh(@0/**))', "49'/0'/0'", ([key]) => p2sh(p2wpkh(key!))),
  wpkh: single('wpkh(@0/**)', "84'/0'/0'", ([key]) => p2wpkh(key!)),
  tr: single('tr(@0/**)', "86'/0'/0'", ([key]) => p2tr(key!.slice(1))),
  'wsh(sortedmulti)': multisig('wsh(sortedmulti(2,@0/**,@1/**))', (keys) => p2wsh(p2ms(2, inOrder(keys)))),
  'wsh(multi)': multisig('wsh(multi(1,@0/**,@1/<4;5>/*))', (keys) => p2wsh(p2ms(1, [...keys]))),
  'sh(wsh(sortedmulti))': multisig('sh(wsh(sortedmulti(2,@0/**,@1/**)))', (keys) =>
    p2sh(p2wsh(p2ms(2, inOrder(keys)))),
  ),
  'sh(sortedmulti)': multisig('sh(sortedmulti(2,@0/**,@1/**))', (keys) => p2sh(p2ms(2, inOrder(keys)))),
}

/** The public key and the origin of each of an account's keys at a place. */
function keysAt({ paths, descriptor }: Account, change: number, index: number) {
  return paths.map(({ of, path }, at) => {
    const isOther = descriptor.includes('<4;5>') && at === 1
    const full = `m/${path}/${isOther ? change + 4 : change}/${index}`
    const steps = full
      .split('/')
      .slice(1)
      .map((step) => Number.parseInt(step, 10) + (step.endsWith("'") ? 0x80000000 : 0))
    return { key: of.derive(full).publicKey!, der: { fingerprint: of.fingerprint, path: steps } }
  })
}

const origins = (account: Account, change: number, index: number) => {
  const keys = keysAt(account, change, index)
  return account.descriptor.startsWith('tr')
    ? { tapBip32Derivation: keys.map(({ key, der }) => [key.slice(1), { hashes: [], der }] as const) }
    : { bip32Derivation: keys.map(({ key, der }) => [key, der] as const) }
}

export interface SpentInput {
  readonly account: Account
  readonly change?: number
  readonly index?: number
  readonly amount?: bigint
  readonly sighashType?: number
  /** Leaves out where its keys come from: an input of somebody else. */
  readonly isStrange?: boolean
  readonly withoutTransaction?: boolean
  readonly withoutClaim?: boolean
  /** Claims another amount than the transaction says. */
  readonly claimed?: bigint
}

interface MadeOutput {
  readonly amount: bigint
  /** A script, or an address of an account with its derivation. */
  readonly script?: Uint8Array
  readonly account?: Account
  readonly change?: number
  readonly index?: number
}

/** A transaction out of inputs and outputs; what `toPSBT` gives goes to the client. */
export function transactionOf(inputs: readonly SpentInput[], outputs: readonly MadeOutput[]): Transaction {
  const transaction = new Transaction({
    allowUnknownInputs: true,
    allowUnknownOutputs: true,
    allowLegacyWitnessUtxo: true,
    disableScriptCheck: true,
  })
  for (const [at, input] of inputs.entries()) {
    const { account, change = 0, index = at, amount = 100_000n } = input
    const { script, redeemScript, witnessScript, tapInternalKey } = account.payment(
      keysAt(account, change, index).map(({ key }) => key),
    )
    const previous = RawTx.encode({
      version: 2,
      segwitFlag: false,
      inputs: [
        {
          txid: new Uint8Array(32).fill(at + 1),
          index: 0,
          finalScriptSig: new Uint8Array(),
          sequence: 0xffffffff,
        },
      ],
      outputs: [
        { amount: 1n, script: new Uint8Array(60) },
        { amount, script },
      ],
      witnesses: [],
      lockTime: 0,
    })
    const isLegacy = account.descriptor.startsWith('pkh') || account.descriptor.startsWith('sh(sorted')
    const isTaproot = account.descriptor.startsWith('tr')
    transaction.addInput({
      txid: sha256(sha256(previous)).reverse(),
      index: 1,
      sequence: 0xfffffffd,
      ...(input.withoutTransaction || isTaproot ? {} : { nonWitnessUtxo: previous }),
      ...(input.withoutClaim || isLegacy ? {} : { witnessUtxo: { amount, script } }),
      ...(redeemScript && { redeemScript }),
      ...(witnessScript && { witnessScript }),
      ...(tapInternalKey && { tapInternalKey }),
      ...(input.sighashType !== undefined && { sighashType: input.sighashType }),
      ...(input.isStrange ? {} : origins(account, change, index)),
    } as Parameters<Transaction['addInput']>[0])
  }
  for (const { amount, script, account, change = 1, index = 5 } of outputs) {
    const own = account?.payment(keysAt(account, change, index).map(({ key }) => key))
    transaction.addOutput({
      amount,
      script: script ?? own!.script,
      ...(account && origins(account, change, index)),
    } as Parameters<Transaction['addOutput']>[0])
  }
  return transaction
}
