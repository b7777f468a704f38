import { afterEach, expect, test, vi } from 'vitest'
import { startDevnet } from './index.ts'

afterEach(() => vi.unstubAllEnvs())

const answers = (url: string) => fetch(url, { method: 'POST' }).then(Boolean, () => false)

test('starts what is asked for and stops it, twice if need be', async () => {
  const steps: string[] = []
  const devnet = await startDevnet({ chains: ['bnb'], onProgress: (step) => steps.push(step) })
  const { url } = devnet.bnb
  expect(Object.keys(devnet).sort()).toEqual(['bnb', 'stop'])
  expect(steps).toEqual(['bnb: starting anvil', 'bnb: placing tokens', `bnb: ready at ${url}`])
  expect(await answers(url)).toBe(true)
  await devnet.stop()
  await devnet.stop()
  expect(await answers(url)).toBe(false)
  await expect(devnet.bnb.mine()).rejects.toMatchObject({ code: 'DEVNET_FAILED' })
})

test('two devnets live side by side', async () => {
  const [one, two] = await Promise.all([startDevnet(), startDevnet({ chains: ['ethereum'] })])
  try {
    expect(Object.keys(one).sort()).toEqual(['bitcoin', 'bnb', 'ethereum', 'stop', 'tron'])
    await one.bitcoin.mine()
    await one.ethereum.mine(3)
    expect(await one.ethereum.rpc('eth_blockNumber')).toBe('0x3')
    expect(await two.ethereum.rpc('eth_blockNumber')).toBe('0x0')
    await one.stop()
    expect(await two.ethereum.rpc('eth_blockNumber')).toBe('0x0')
  } finally {
    await Promise.all([one, two].map((devnet) => devnet[Symbol.asyncDispose]()))
  }
})

test('mines by the clock when a block time is given', async () => {
  const devnet = await startDevnet({ chains: ['ethereum'], blockTime: 1 })
  const height = () => devnet.ethereum.rpc('eth_blockNumber').then(Number)
  await devnet.ethereum.fund(`0x${'12'.repeat(20)}`, { amount: 1n })
  const before = await height()
  await expect.poll(height, { timeout: 3_000 }).toBeGreaterThan(before)
  await devnet.stop()
})

test('says what is missing, and what it does not know', async () => {
  vi.stubEnv('ANVIL', '/no/such/anvil')
  await expect(startDevnet()).rejects.toMatchObject({
    code: 'DEVNET_UNAVAILABLE',
    message: 'There is no anvil at /no/such/anvil, which the environment variable ANVIL names.',
  })
  await expect(startDevnet({ chains: ['dogecoin' as 'bnb'] })).rejects.toMatchObject({
    code: 'INVALID_REQUEST',
    message: 'There is no devnet for "dogecoin". Choose from: bitcoin, ethereum, bnb, tron.',
  })
  await expect(startDevnet({ blockTime: 0.5 })).rejects.toMatchObject({ code: 'INVALID_REQUEST' })
})

test('says so when the node does not come up', async () => {
  vi.stubEnv('ANVIL', '/bin/false')
  await expect(startDevnet({ chains: ['ethereum'] })).rejects.toMatchObject({
    code: 'DEVNET_FAILED',
    message: 'anvil ended before it was ready.',
  })
})

test('an abort ends the start at any moment', async () => {
  const evm = { chains: ['ethereum', 'bnb'] } as const
  await expect(startDevnet({ signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'ABORTED' })
  for (const moment of ['ethereum: starting anvil', 'ethereum: placing tokens']) {
    const abort = new AbortController()
    const onProgress = (step: string) => {
      if (step === moment) abort.abort()
    }
    await expect(startDevnet({ ...evm, signal: abort.signal, onProgress })).rejects.toMatchObject({
      code: 'ABORTED',
    })
  }
  const slow = new AbortController()
  setTimeout(() => slow.abort(), 5)
  await expect(startDevnet({ ...evm, signal: slow.signal })).rejects.toMatchObject({ code: 'ABORTED' })
})
