import {
  type BitcoinAccount,
  bitcoinRules,
  multisigDescriptor,
  regtest,
  regtestNetwork,
} from '@coffer/bitcoin'
import {
  createOfflineWallet,
  createWallet,
  type Draft,
  memoryStore,
  type Signer,
  type Store,
} from '@coffer/core'
import { cluster, esplora, jsonRpc, tronHttp } from '@coffer/daemon-client'
import type { Devnet } from '@coffer/devnet'
import { ethereum, ethereumNetwork, evmRules } from '@coffer/evm'
import { softwareSigner } from '@coffer/signer-software'
import { tronDevnet, tronDevnetNetwork, tronRules } from '@coffer/tron'

/** What a life left behind: all that an app could have got hold of. */
export interface Life {
  readonly objects: Readonly<Record<string, unknown>>
  readonly failures: readonly unknown[]
  dispose(): void
}

export type Lives = Devnet<'ethereum' | 'bitcoin' | 'tron'>
export type LiveChain = 'ethereum' | 'regtest' | 'tron-devnet'
export const CHAINS: readonly LiveChain[] = ['ethereum', 'regtest', 'tron-devnet']

export const STRANGERS = {
  ethereum: '0x000000000000000000000000000000000000a11c',
  regtest: 'bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080',
  'tron-devnet': 'TJRabPrwbZy45sbavfcjinPJC18kjpRTv8',
} as const

/** Whose second key it takes where an account has two. */
const friend = 'legal winner thank year wave sausage worth useful legal winner thank yellow'

export function openWallet(devnet: Lives, signer: Signer, store: Store = memoryStore()) {
  return createWallet({
    chains: [ethereum(), regtest(), tronDevnet()],
    source: cluster({
      'eip155:1': [jsonRpc(devnet.ethereum.url)],
      [regtestNetwork.id]: [esplora(devnet.bitcoin.esploraUrl)],
      [tronDevnetNetwork.id]: [tronHttp(devnet.tron.url)],
    }),
    signer,
    store,
    policy: { maxFee: { 'eip155:1': 10n ** 16n } },
  })
}
export type TestWallet = ReturnType<typeof openWallet>

const offline = (signer: Signer) =>
  createOfflineWallet({
    chains: [evmRules(ethereumNetwork), bitcoinRules(regtestNetwork), tronRules(tronDevnetNetwork)],
    signer,
    policy: { maxFee: { 'eip155:1': 10n ** 16n } },
  })

/** From the first key to the last error, with everything that a signer can do on a chain. */
export async function live(devnet: Lives, name: LiveChain, signer: Signer): Promise<Life> {
  const store = memoryStore()
  const wallet = openWallet(devnet, signer, store)
  const isHd = signer.keys === 'hd'
  const types = name === 'regtest' ? ['p2wpkh', 'p2tr', 'p2pkh', 'p2sh-p2wpkh'] : [undefined]
  const objects: Record<string, unknown> = { signer, wallet }
  const failures: unknown[] = []
  const to = STRANGERS[name]
  for (const type of types) {
    const account = await wallet.account(name, { type })
    const address = 'address' in account ? account.address : (await account.receive()).address
    await fund(devnet, name, address)
    const draft = await account.create({ to, amount: '0.01' })
    const again = wallet.draft(JSON.stringify(draft))
    const signed = await wallet.sign(again)
    const far = createOffline(signer, draft)
    const payment = await wallet.publish(wallet.signed(JSON.stringify(signed)))
    const confirmed = await payment.confirmed(1, { interval: 20 })
    const watching = createWallet({ chains: [wallet.chain(name)], store })
    const seen = await watching.watch(account.descriptor).catch((error: unknown) => error)
    const message = await wallet.signMessage(account, 'hello')
    const key = await signer.publicKey(isHd ? wallet.chain(name).path(0, type) : 'm')
    objects[`of ${type ?? name}`] = { account, address, draft, again, signed, payment, confirmed, watching }
    objects[`more of ${type ?? name}`] = { message, seen, far: await far, payments: await wallet.payments() }
    objects[`the public key of ${type ?? name}`] = key
    failures.push(...(await wrongly(wallet, signer, draft, account)))
  }
  if (name === 'ethereum' || name === 'tron-devnet') {
    const account = await wallet.account(name)
    objects['typed data'] = await wallet.signTypedData(account, typedData(name))
    failures.push(await reason(wallet.signTypedData(account, { ...typedData(name), primaryType: 'X' })))
  }
  if (isHd && name === 'tron-devnet') objects['two keys'] = await twoKeysOnTron(devnet, wallet, signer)
  if (isHd && name === 'regtest') objects['two keys'] = await twoKeysOnBitcoin(devnet, wallet, signer)
  objects['the store'] = await Promise.all(
    (await store.keys()).map(async (key) => [key, await store.get(key)]),
  )
  return { objects, failures, dispose: () => wallet.dispose() }
}

async function createOffline(signer: Signer, draft: Draft): Promise<unknown> {
  const far = offline(signer)
  const read = far.draft(JSON.stringify(draft))
  return { far, read, signed: await far.sign(read) }
}

export async function fund(devnet: Lives, name: LiveChain, address: string): Promise<void> {
  if (name === 'ethereum') await devnet.ethereum.setBalance(address as `0x${string}`, 10n ** 19n)
  else if (name === 'regtest') await devnet.bitcoin.fund(address, { amount: 100_000_000n })
  else await devnet.tron.setAccount(address, { balance: 1_000_000_000n })
}

/** Refusals of every kind, each of which makes an error. */
async function wrongly(
  wallet: TestWallet,
  signer: Signer,
  draft: Draft,
  account: { create(request: { to: string; amount: string }): Promise<Draft> } & object,
): Promise<unknown[]> {
  const chain = wallet.chains.find(({ id }) => id === draft.chain)!
  const to = draft.effects.list.flatMap((effect) => ('to' in effect ? [effect.to] : []))[0]!
  const aborted = AbortSignal.abort()
  return Promise.all(
    [
      account.create({ to: 'nonsense', amount: '1' }),
      account.create({ to, amount: '100000000' }),
      account.create({ to, amount: 'x' }),
      wallet.sign({ ...draft, payload: `${draft.payload.slice(0, -2)}c1` }),
      wallet.sign(draft, { signal: aborted }),
      // Not approved: a wallet has not looked at it.
      signer.sign({ chain, draft: draft as never }),
      signer.publicKey('m/nonsense'),
      signer.publicKey('m/1h', { signal: aborted }),
      wallet.account('nonsense' as 'ethereum'),
      wallet.signMessage('nonsense' as never, 'x'),
      wallet.signTypedData(account as never, { types: {}, primaryType: 'X', domain: {}, message: {} }),
    ].map(reason),
  )
}

/** Why it was refused; a value that is no error when it was not. */
export function reason(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => 'it was not refused',
    (error: unknown) => error,
  )
}

export function typedData(name: LiveChain): object {
  return {
    types: {
      EIP712Domain: [
        { name: 'name', type: 'string' },
        { name: 'chainId', type: 'uint256' },
      ],
      Mail: [{ name: 'contents', type: 'string' }],
    },
    primaryType: 'Mail',
    domain: { name: 'Ether Mail', chainId: name === 'ethereum' ? 1 : 0xc0ffe001 },
    message: { contents: 'Hello, Bob!' },
  }
}

async function twoKeysOnTron(devnet: Lives, wallet: TestWallet, signer: Signer): Promise<unknown> {
  const other = openWallet(devnet, softwareSigner({ mnemonic: friend }))
  const account = await wallet.account('tron-devnet', { index: 1 })
  const theirs = await other.account('tron-devnet')
  await fund(devnet, 'tron-devnet', account.address)
  const keys = [account.address, theirs.address].map((address) => ({ address, weight: 1n }))
  const both = { threshold: 2n, keys }
  const change = await account.create({ kind: 'permissions', owner: both, actives: [both] })
  const changed = await wallet.sign(change, { accept: ['permission-change'] })
  await (await wallet.publish(changed)).confirmed(1, { interval: 20 })
  const draft = await account.create({ to: STRANGERS['tron-devnet'], amount: '1' })
  const missing = await reason(wallet.sign(draft))
  const half = await wallet.cosign(draft)
  const whole = await other.cosign(other.draft(JSON.stringify(half)))
  return { change, changed, draft, missing, half, whole, signed: wallet.finish(whole), signer }
}

async function twoKeysOnBitcoin(devnet: Lives, wallet: TestWallet, signer: Signer): Promise<unknown> {
  const second = softwareSigner({ mnemonic: friend })
  const other = openWallet(devnet, second)
  const keys = await Promise.all([signer, second].map((one) => one.publicKey('m/48h/1h/0h/2h')))
  const descriptor = multisigDescriptor({ threshold: 2, keys, type: 'p2wsh-sortedmulti' }, regtestNetwork)
  const account = (await wallet.watch(descriptor, { chain: 'regtest' })) as BitcoinAccount
  await fund(devnet, 'regtest', (await account.receive()).address)
  const draft = await account.create({ to: STRANGERS.regtest, amount: '0.1' })
  const missing = await reason(wallet.sign(draft))
  const half = await wallet.cosign(draft)
  const whole = await other.cosign(other.draft(JSON.stringify(half)))
  return { descriptor, account, draft, missing, half, whole, signed: wallet.finish(whole) }
}
