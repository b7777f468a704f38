import { createWallet } from '@coffer/core'
import { cluster, jsonRpc } from '@coffer/daemon-client'
import { type Devnet, startDevnet } from '@coffer/devnet'
import { privateKeySigner, softwareSigner } from '@coffer/signer-software'
import {
  BrowserProvider,
  verifyMessage as ethersVerifyMessage,
  verifyTypedData as ethersVerifyTypedData,
  Interface,
} from 'ethers'
import {
  createPublicClient,
  createWalletClient,
  custom,
  http,
  parseAbi,
  verifyMessage,
  verifyTypedData,
} from 'viem'
import { mnemonicToAccount, privateKeyToAccount } from 'viem/accounts'
import { bsc, mainnet } from 'viem/chains'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { bnb, type EvmChain, ethereum } from './evm.ts'
import { type DappQuestion, toEip1193Provider, toViemAccount } from './interop.ts'

const mnemonic = 'legal winner thank year wave sausage worth useful legal winner thank yellow'
const privateKey = `0x${'42'.repeat(32)}` as const
const ALICE = '0x000000000000000000000000000000000000a11c'
const ETH = 10n ** 18n
const ERC20 = parseAbi([
  'function transfer(address to, uint256 amount)',
  'function approve(address spender, uint256 amount)',
])

const mail = {
  domain: {
    name: 'Ether Mail',
    version: '1',
    chainId: 1,
    verifyingContract: '0xCcCCccccCCCCcCCCCCCcCcCccCcCCCcCcccccccC',
  },
  types: {
    Person: [
      { name: 'name', type: 'string' },
      { name: 'wallet', type: 'address' },
    ],
    Mail: [
      { name: 'from', type: 'Person' },
      { name: 'to', type: 'Person' },
      { name: 'contents', type: 'string' },
    ],
  },
  primaryType: 'Mail',
  message: {
    from: { name: 'Cow', wallet: '0xCD2a3d9F938E13CD947Ec05AbC7FE734Df8DD826' },
    to: { name: 'Bob', wallet: '0xbBbBBBBbbBBBbbbBbbBbbbbBBbBbbbbBbBbbBBbB' },
    contents: 'Hello, Bob!',
  },
} as const

let devnet: Devnet<'ethereum' | 'bnb'>
beforeAll(async () => {
  devnet = await startDevnet({ chains: ['ethereum', 'bnb'] })
})
afterAll(() => devnet.stop())

describe('toViemAccount', () => {
  const chains = [ethereum(), bnb()] as const

  it('signs every transaction type to the same bytes as viem does', async () => {
    const ours = await toViemAccount(privateKeySigner({ privateKey }), { chains })
    const theirs = privateKeyToAccount(privateKey)
    expect(ours.address).toBe(theirs.address)
    expect(ours.publicKey.length).toBe(68)
    const common = { chainId: 1, nonce: 7, gas: 100_000n, to: ALICE, value: 5n, data: '0x12345678' } as const
    const accessList = [{ address: ALICE, storageKeys: [`0x${'11'.repeat(32)}`] }] as const
    const transactions = [
      { ...common, type: 'eip1559', maxFeePerGas: 3n * 10n ** 9n, maxPriorityFeePerGas: 10n ** 9n },
      {
        ...common,
        type: 'eip1559',
        maxFeePerGas: 3n * 10n ** 9n,
        maxPriorityFeePerGas: 10n ** 9n,
        accessList,
      },
      { ...common, type: 'eip2930', gasPrice: 10n ** 9n, accessList },
      { ...common, type: 'legacy', gasPrice: 10n ** 9n },
      { ...common, chainId: 56, type: 'legacy', gasPrice: 10n ** 9n },
      { ...common, type: 'eip1559', to: undefined, maxFeePerGas: 10n ** 9n, maxPriorityFeePerGas: 0n },
    ] as const
    for (const transaction of transactions)
      expect(await ours.signTransaction(transaction as never)).toBe(
        await theirs.signTransaction(transaction as never),
      )
  })

  it('signs messages and typed data as viem does, from words too', async () => {
    const ours = await toViemAccount(softwareSigner({ mnemonic }), { chains, index: 3 })
    const theirs = mnemonicToAccount(mnemonic, { addressIndex: 3 })
    expect(ours.address).toBe(theirs.address)
    for (const message of [
      '',
      'hello',
      'ünïcødé',
      { raw: '0x00ff' },
      { raw: new Uint8Array([1, 2, 3]) },
    ] as const)
      expect(await ours.signMessage({ message })).toBe(await theirs.signMessage({ message }))
    expect(await ours.signTypedData(mail)).toBe(await theirs.signTypedData(mail))
    expect(
      await verifyTypedData({ ...mail, address: ours.address, signature: await ours.signTypedData(mail) }),
    ).toBe(true)
  })

  it('pays through a viem wallet client as it comes', async () => {
    const account = await toViemAccount(softwareSigner({ mnemonic }), { chains, index: 4 })
    for (const [chain, node] of [
      [mainnet, devnet.ethereum],
      [bsc, devnet.bnb],
    ] as const) {
      await node.fund(account.address, { amount: ETH })
      await node.fund(account.address, { token: 'USDC', amount: 1000n })
      const client = createWalletClient({ account, chain, transport: http(node.url) })
      const reader = createPublicClient({ chain, transport: http(node.url) })
      const paid = await client.sendTransaction({ to: ALICE, value: 1n })
      expect((await reader.waitForTransactionReceipt({ hash: paid, pollingInterval: 50 })).status).toBe(
        'success',
      )
      const moved = await client.writeContract({
        address: node.tokens.USDC.address as `0x${string}`,
        abi: ERC20,
        functionName: 'transfer',
        args: [ALICE, 400n],
      })
      expect((await reader.waitForTransactionReceipt({ hash: moved, pollingInterval: 50 })).status).toBe(
        'success',
      )
    }
  })

  it('holds the policy against what viem asks for', async () => {
    const account = await toViemAccount(privateKeySigner({ privateKey }), { chains: [ethereum()] })
    const unlimited = {
      to: devnet.ethereum.tokens.DAI.address,
      data: '0x095ea7b3000000000000000000000000000000000000000000000000000000000000a11cffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff',
    } as const
    const costs = { nonce: 0, gas: 100_000n, maxFeePerGas: 1n, maxPriorityFeePerGas: 1n } as const
    await expect(
      account.signTransaction({ chainId: 1, ...costs, ...unlimited } as never),
    ).rejects.toMatchObject({
      details: { rule: 'unlimited-approval' },
    })
    await expect(account.signTransaction({ chainId: 56, to: ALICE, ...costs })).rejects.toMatchObject({
      code: 'CHAIN_MISMATCH',
    })
    await expect(account.signTransaction({ to: ALICE, ...costs } as never)).rejects.toMatchObject({
      code: 'CHAIN_MISMATCH',
    })
    await expect(
      account.signTransaction({ chainId: 1, to: ALICE, ...costs, authorizationList: [] } as never),
    ).rejects.toMatchObject({ code: 'UNSUPPORTED' })
    await expect(
      account.signTransaction({ chainId: 1, to: ALICE, ...costs, maxFeePerGas: 10n ** 18n }),
    ).rejects.toMatchObject({ details: { rule: 'max-fee' } })
  })
})

describe('toEip1193Provider', () => {
  async function open(answer: (question: DappQuestion) => boolean = () => true) {
    const asked: DappQuestion['kind'][] = []
    const source = cluster({
      'eip155:1': [jsonRpc(devnet.ethereum.url)],
      'eip155:56': [jsonRpc(devnet.bnb.url)],
    })
    const chains: EvmChain[] = [ethereum(), bnb()]
    const wallet = createWallet({ chains, source, signer: softwareSigner({ mnemonic }) })
    const accounts = [
      await wallet.account('ethereum', { index: 9 }),
      await wallet.account('bnb', { index: 9 }),
    ]
    const provider = toEip1193Provider({
      wallet,
      accounts,
      source,
      confirm: (question) => {
        asked.push(question.kind)
        return answer(question)
      },
    })
    await devnet.ethereum.fund(accounts[0]!.address, { amount: ETH })
    return { provider, asked, address: accounts[0]!.address, wallet }
  }

  it('serves viem as it comes', async () => {
    const { provider, asked, address } = await open()
    const client = createWalletClient({ chain: mainnet, transport: custom(provider) })
    const [account] = await client.requestAddresses()
    expect(account).toBe(address)
    const hash = await client.sendTransaction({ account: address, to: ALICE, value: 5n })
    const reader = createPublicClient({ chain: mainnet, transport: custom(provider) })
    const receipt = await reader.waitForTransactionReceipt({ hash, pollingInterval: 50 })
    expect(receipt.status).toBe('success')
    const signature = await client.signMessage({ account: address, message: 'hello' })
    expect(await verifyMessage({ address, message: 'hello', signature })).toBe(true)
    const typed = await client.signTypedData({ account: address, ...mail })
    expect(await verifyTypedData({ ...mail, address, signature: typed })).toBe(true)
    expect(asked).toEqual(['connect', 'transaction', 'message', 'typed-data'])
  })

  it('serves ethers as it comes, contracts too', async () => {
    const { provider, address } = await open()
    const browser = new BrowserProvider(provider)
    const signer = await browser.getSigner()
    expect(await signer.getAddress()).toBe(address)
    expect(ethersVerifyMessage('hello', await signer.signMessage('hello'))).toBe(address)
    const types = { Person: [...mail.types.Person], Mail: [...mail.types.Mail] }
    expect(
      ethersVerifyTypedData(
        mail.domain,
        types,
        mail.message,
        await signer.signTypedData(mail.domain, types, mail.message),
      ),
    ).toBe(address)
    await devnet.ethereum.fund(address, { token: 'DAI', amount: 100n })
    const data = new Interface(['function transfer(address,uint256)']).encodeFunctionData('transfer', [
      ALICE,
      40n,
    ])
    const sent = await signer.sendTransaction({ to: devnet.ethereum.tokens.DAI.address, data })
    expect((await browser.waitForTransaction(sent.hash))?.status).toBe(1)
    browser.destroy()
  })

  it('signs the typed data that the person saw, whatever the dapp does to its object meanwhile', async () => {
    const message = { ...mail.message, contents: 'Hello, Bob!' }
    const { provider, address } = await open((question) => {
      if (question.kind === 'typed-data') message.contents = 'Give me everything'
      return true
    })
    await provider.request({ method: 'eth_requestAccounts' })
    const typed = { ...mail, types: mail.types, message }
    const signature = (await provider.request({
      method: 'eth_signTypedData_v4',
      params: [address, typed],
    })) as `0x${string}`
    expect(message.contents).toBe('Give me everything')
    expect(await verifyTypedData({ ...mail, address, signature })).toBe(true)
  })

  it('counts approvals and permits in the limits of the policy', async () => {
    const source = cluster({ 'eip155:1': [jsonRpc(devnet.ethereum.url)] })
    const chain = ethereum()
    const usdc = chain.assets.find(({ symbol }) => symbol === 'USDC')!
    const policy = {
      limits: [{ asset: usdc.id.toLowerCase() as typeof usdc.id, amount: 100n, seconds: 3600 }],
    }
    const wallet = createWallet({ chains: [chain], source, signer: softwareSigner({ mnemonic }), policy })
    const account = await wallet.account('ethereum', { index: 11 })
    await devnet.ethereum.fund(account.address, { amount: ETH })
    const approve = (amount: bigint) =>
      account.create({ kind: 'approve', asset: 'USDC', spender: ALICE, amount })
    await expect(wallet.sign(await approve(101n))).rejects.toMatchObject({ details: { rule: 'limit' } })
    await wallet.sign(await approve(60n))
    await expect(wallet.sign(await approve(41n))).rejects.toMatchObject({ details: { rule: 'limit' } })
  })

  it('switches chains, and tells of it', async () => {
    const { provider } = await open()
    const told: unknown[] = []
    const listener = (value: unknown): void => void told.push(value)
    provider.on('chainChanged', listener)
    expect(await provider.request({ method: 'eth_chainId' })).toBe('0x1')
    await provider.request({ method: 'wallet_switchEthereumChain', params: [{ chainId: '0x38' }] })
    expect(await provider.request({ method: 'eth_chainId' })).toBe('0x38')
    provider.removeListener('chainChanged', listener)
    await provider.request({ method: 'wallet_switchEthereumChain', params: [{ chainId: '0x1' }] })
    expect(told).toEqual(['0x38'])
    await expect(
      provider.request({ method: 'wallet_switchEthereumChain', params: [{ chainId: '0x5' }] }),
    ).rejects.toMatchObject({ code: 4902 })
  })

  it('gives nothing before it is asked for accounts, and nothing that the person refuses', async () => {
    const { provider, address } = await open((question) => question.kind === 'connect')
    expect(await provider.request({ method: 'eth_accounts' })).toEqual([])
    const pay = { method: 'eth_sendTransaction', params: [{ from: address, to: ALICE, value: '0x1' }] }
    await expect(provider.request(pay)).rejects.toMatchObject({ code: 4100 })
    await provider.request({ method: 'eth_requestAccounts' })
    await expect(provider.request(pay)).rejects.toMatchObject({ code: 4001 })
    await expect(
      provider.request({ method: 'personal_sign', params: ['0x00', address] }),
    ).rejects.toMatchObject({ code: 4001 })
    await expect(
      provider.request({ method: 'personal_sign', params: ['0x00', ALICE] }),
    ).rejects.toMatchObject({ code: 4100 })
  })

  it('refuses what a dapp has no business with (E2, E3, E4, E5)', async () => {
    const { provider, address } = await open()
    await provider.request({ method: 'eth_requestAccounts' })
    for (const method of [
      'eth_sign',
      'eth_signTransaction',
      'eth_sendRawTransaction',
      'wallet_addEthereumChain',
      'anvil_setBalance',
    ])
      await expect(provider.request({ method, params: [] }), method).rejects.toMatchObject({ code: 4200 })
    const send = (fields: object) =>
      provider.request({
        method: 'eth_sendTransaction',
        params: [{ from: address, to: ALICE, value: '0x1', ...fields }],
      })
    await expect(send({ authorizationList: [] })).rejects.toMatchObject({ code: -32602 })
    await expect(send({ chainId: '0x38' })).rejects.toMatchObject({ code: -32602 })
    await expect(send({ value: '1' })).rejects.toThrow()
    await expect(send({ to: 'nobody' })).rejects.toMatchObject({
      code: -32602,
      data: { coffer: 'INVALID_ADDRESS' },
    })
    const max = 'f'.repeat(64)
    const spender = ALICE.slice(2).padStart(64, '0')
    await expect(
      send({ to: devnet.ethereum.tokens.DAI.address, value: '0x0', data: `0x095ea7b3${spender}${max}` }),
    ).rejects.toMatchObject({ code: 4001, data: { coffer: 'POLICY_REFUSED' } })
    const permit = {
      domain: {
        name: 'Dai',
        version: '1',
        chainId: 1,
        verifyingContract: devnet.ethereum.tokens.DAI.address,
      },
      types: {
        EIP712Domain: [
          { name: 'name', type: 'string' },
          { name: 'version', type: 'string' },
          { name: 'chainId', type: 'uint256' },
          { name: 'verifyingContract', type: 'address' },
        ],
        Permit: [
          { name: 'owner', type: 'address' },
          { name: 'spender', type: 'address' },
          { name: 'value', type: 'uint256' },
          { name: 'nonce', type: 'uint256' },
          { name: 'deadline', type: 'uint256' },
        ],
      },
      primaryType: 'Permit',
      message: { owner: address, spender: ALICE, value: `0x${max}`, nonce: 0, deadline: 99999999999 },
    }
    const sign = (typedData: unknown) =>
      provider.request({ method: 'eth_signTypedData_v4', params: [address, JSON.stringify(typedData)] })
    await expect(sign(permit)).rejects.toMatchObject({ code: 4001, data: { coffer: 'POLICY_REFUSED' } })
    await expect(sign({ ...permit, domain: { ...permit.domain, chainId: 56 } })).rejects.toMatchObject({
      data: { coffer: 'CHAIN_MISMATCH' },
    })
    await sign({ ...permit, message: { ...permit.message, value: '5' } })
  })
})
