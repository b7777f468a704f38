import { type BitcoinChain, deriveScripts, formatAddress, parseDescriptor, regtest } from '@coffer/bitcoin'
import type { Chain, PublicKey, Signer } from '@coffer/core'
import { signerConformance } from '@coffer/core/testing'
import {
  bitcoinDeviceApp,
  ethereumDeviceApp,
  type LedgerDevice,
  ledgerDevice,
  tronDeviceApp,
} from '@coffer/devnet/ledger'
import { bnb, ethereum } from '@coffer/evm'
import { tronDevnet } from '@coffer/tron'
import { describe, it } from 'vitest'
import { bitcoinDraft, evmDraft, MNEMONIC, tronDraft } from './drafts.fixture.ts'

/** A device with all apps and every setting on. */
export function fullDevice(): LedgerDevice {
  return ledgerDevice({
    mnemonic: MNEMONIC,
    apps: [
      bitcoinDeviceApp({ network: 'main' }),
      bitcoinDeviceApp({ network: 'test' }),
      ethereumDeviceApp({ blindSigning: true }),
      tronDeviceApp({ data: true, customContract: true, signByHash: true }),
    ],
  })
}

const MESSAGES = ['hello', 'длинно 🔑', 'x'.repeat(1_000), new Uint8Array([0, 255, 128])]

const typedData = (chainId: bigint) => ({
  types: {
    Person: [
      { name: 'name', type: 'string' },
      { name: 'age', type: 'int8' },
    ],
    Mail: [
      { name: 'from', type: 'Person' },
      { name: 'to', type: 'Person[2]' },
      { name: 'text', type: 'string' },
      { name: 'tags', type: 'bytes4[]' },
    ],
  },
  primaryType: 'Mail',
  domain: { name: 'Ether Mail', version: '1', chainId: chainId.toString() },
  message: {
    from: { name: 'Ann', age: -5 },
    to: [
      { name: 'Bob', age: 7 },
      { name: '', age: 0 },
    ],
    text: 'a longer text, '.repeat(40),
    tags: ['0x01020304', '0xffffffff'],
  },
})

const addressOf = (text: string): string => text.slice(text.lastIndexOf(':') + 1)

function bitcoinAddress(chain: BitcoinChain, key: PublicKey): string {
  const descriptor = parseDescriptor(chain.describe(key), chain.network)
  return formatAddress(deriveScripts(descriptor, 0, 0, 1)[0]!.script, chain.network)!
}

/** The whole conformance suite of signers on the chains of the devnet, for one of Ledger's libraries. */
export function ledgerConformance(
  library: string,
  make: (device: LedgerDevice) => Promise<Signer> | Signer,
): void {
  const run = <C extends Chain>(
    name: string,
    chain: C,
    paths: readonly string[],
    draft: (account: string) => ReturnType<typeof evmDraft>,
    rest: object,
  ): void =>
    signerConformance(
      { describe, it },
      {
        name: `ledger by ${library}: ${name}`,
        make: () => make(fullDevice()),
        chain,
        paths,
        messages: MESSAGES,
        draft: (key) => draft(chain.describe(key)),
        ...rest,
      },
    )
  for (const type of ['p2pkh', 'p2sh-p2wpkh', 'p2wpkh', 'p2tr'] as const) {
    const chain = regtest({ type })
    run(`Bitcoin ${type}`, chain, [chain.path(0), chain.path(1)], (account) => bitcoinDraft(chain, account), {
      ...(type === 'p2tr' ? { messages: [] } : { address: (key: PublicKey) => bitcoinAddress(chain, key) }),
    })
  }
  for (const chain of [ethereum(), bnb()])
    run(chain.name, chain, [chain.path(0), chain.path(1)], (account) => evmDraft(chain, account), {
      address: (key: PublicKey) => addressOf(chain.describe(key)),
      typedData: typedData(BigInt(chain.id.slice('eip155:'.length))),
    })
  const tron = tronDevnet()
  const paths = ['m/44h/195h/0h/0/0', 'm/44h/195h/0h/0/1']
  run('Tron', tron, paths, (account) => tronDraft(tron, account), {
    address: (key: PublicKey) => addressOf(tron.describe(key)),
    typedData: typedData(0xc0ffe001n),
  })
}
