import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { startDevnet } from '@coffer/devnet'
import { expect, it } from 'vitest'

it('runs the usage of the README, word by word, on real nodes', async () => {
  const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8')
  const usage = /```ts\n([\s\S]*?)```/.exec(readme)?.[1]
  if (!usage) throw new Error('The README has no usage.')
  const imports = usage.match(/^import .*$/gm) ?? []
  expect(imports.length).toBeGreaterThan(3)
  const body = usage.replace(/^import .*$/gm, '').replace("'eip155:1:0x…'", 'watchedId')
  expect(body).toContain('watchedId')

  const devnet = await startDevnet({ chains: ['ethereum', 'bnb'] })
  // Beside this file, so that the packages resolve as they do in every test.
  const folder = mkdtempSync(new URL('./readme-', import.meta.url).pathname)
  const mining = setInterval(() => void devnet.ethereum.mine(1), 50)
  try {
    const file = join(folder, 'usage.ts')
    const names =
      'urlA, urlB, urlC, urlD, urlE, urlF, mnemonic, policy, to, watchedId, chains, source, console'
    writeFileSync(
      file,
      `${imports.join('\n')}\nexport async function run({ ${names} }) {\n${body}\nreturn { address, uri, watched, draft, refusals, payment, savings, trx }\n}\n`,
    )
    const { run } = (await import(/* @vite-ignore */ file)) as {
      run(given: object): Promise<Record<string, never>>
    }
    const { ethereum } = await import('@coffer/evm')
    const { cluster, jsonRpc } = await import('@coffer/daemon-client')
    const address = '0x58A57ed9d8d624cBD12e2C467D34787555bB1b25'
    await devnet.ethereum.fund(address, { amount: 10n ** 18n })
    const states: { state: string }[] = []
    const result = await run({
      urlA: devnet.ethereum.url,
      urlB: devnet.ethereum.url,
      urlC: devnet.bnb.url,
      // Accounts of Bitcoin and Tron are opened, which asks nobody.
      urlD: 'http://127.0.0.1:9',
      urlE: 'http://127.0.0.1:9',
      urlF: 'http://127.0.0.1:9',
      policy: { maxFee: { 'eip155:1': 1n } },
      mnemonic: 'legal winner thank year wave sausage worth useful legal winner thank yellow',
      to: '0x000000000000000000000000000000000000a11c',
      watchedId: `eip155:1:${address}`,
      chains: [ethereum()],
      source: cluster({ 'eip155:1': [jsonRpc(devnet.ethereum.url)] }),
      console: { log: (status: { state: string }) => states.push(status) },
    })
    expect(result['address']).toBe(address)
    expect(result['refusals']).toMatchObject([{ rule: 'max-fee' }])
    expect(result['uri']).toMatch(/^ethereum:0x/)
    expect(states.at(-1)).toMatchObject({ state: 'final' })
    const watched = result['watched'] as unknown as { balance(): Promise<bigint> }
    expect(await watched.balance()).toBeLessThan((10n ** 18n * 3n) / 4n)
    expect('sign' in watched).toBe(false)
    const savings = result['savings'] as unknown as { descriptor: string }
    expect(savings.descriptor).toMatch(/^tr\(\[[0-9a-f]{8}\/86h\/0h\/0h\]xpub\w+\/<0;1>\/\*\)#\w{8}$/)
    const onTron = result['trx'] as unknown as { address: string }
    expect(onTron.address).toBe('TUJ2YbSDGtCqzRz7quPQidRCMC98jDAPXc')
  } finally {
    clearInterval(mining)
    rmSync(folder, { recursive: true })
    await devnet.stop()
  }
})
