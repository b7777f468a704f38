import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { regtestNetwork } from '@coffer/bitcoin'
import { type Browser, type BrowserContext, chromium, type Locator, type Page as Tab } from 'playwright-core'
import { build, type PreviewServer, preview } from 'vite'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { simulatedDevice } from './devices.ts'
import { plugIntoHid } from './hid.fixture.ts'
import { type LocalChains, startLocalChains } from './local-chains.ts'
import { localChainsPlugin } from './local-chains-plugin.ts'

// The page as it is built, in a real browser, with the simulated device and chains of this machine.

const executablePath = process.env['CHROMIUM'] ?? '/usr/bin/chromium'
const isRequired = process.env['COFFER_REQUIRE_TOOLS'] === '1'
/** Where pictures of the page go, when somebody wants to see it. */
const pictures = process.env['COFFER_PICTURES']
const root = fileURLToPath(new URL('../', import.meta.url))
const PATIENCE = { timeout: 20_000 }
const TO = {
  bitcoin: regtestNetwork.sample,
  ethereum: '0x70997970C51812dc3A010C7d01b50e0d17dc79C8',
  tron: 'TUoHaVjx7n5xz8LwPRDckgFrDWhMhuSuJM',
}

describe.skipIf(!existsSync(executablePath) && !isRequired)(
  'the page in Chromium (skipped where it is not installed)',
  () => {
    let chains: LocalChains
    let folder = ''
    let server: PreviewServer
    let browser: Browser
    let tab: Tab
    const troubles: string[] = []

    const open = async (
      options: object,
      query = '',
      prepare = async (_: BrowserContext): Promise<void> => {},
    ): Promise<void> => {
      await tab?.context().close()
      const context = await browser.newContext(options)
      await prepare(context)
      tab = await context.newPage()
      tab.on('pageerror', (error) => troubles.push(String(error)))
      const { port } = server.httpServer.address() as AddressInfo
      await tab.goto(`http://127.0.0.1:${port}/${query}`)
      await tab.getByRole('radio').first().waitFor(PATIENCE)
    }
    const press = (name: string, at: Tab | Locator = tab): Promise<void> =>
      at.getByRole('button', { name, exact: true }).click(PATIENCE)
    const see = (text: string | RegExp, at: Tab | Locator = tab): Promise<void> =>
      at.getByText(text).first().waitFor(PATIENCE)
    const card = (chain: keyof typeof TO): Locator => tab.locator(`[data-chain=${chain}]`)
    const picture = async (name: string): Promise<void> => {
      if (pictures) await tab.screenshot({ path: join(pictures, `${name}.png`) })
    }
    const connect = async (): Promise<void> => {
      await tab.getByRole('radio', { name: /Simulated device/ }).check()
      await press('Connect')
      await see('Connected: Simulated device.')
    }
    const openAccount = async (chain: keyof typeof TO): Promise<string> => {
      await press('Open the account', card(chain))
      await see(/allow the .* app to open/)
      await press('Approve')
      await press('Get coins', card(chain))
      await see(/^[1-9][0-9.]* \w+$/, card(chain))
      return (await card(chain).locator('[data-address]').textContent()) ?? ''
    }

    const pay = async (chain: keyof typeof TO): Promise<void> => {
      await card(chain).getByLabel('To').fill(TO[chain])
      await card(chain).getByLabel('Amount').fill('0.25')
      await press('Review', card(chain))
      await see(/Send 0\.25 \w+ to/, card(chain))
    }

    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), 'coffer-page-'))
      chains = await startLocalChains()
      await build({ root, logLevel: 'error', build: { outDir: folder, emptyOutDir: true, minify: false } })
      server = await preview({
        root,
        logLevel: 'error',
        build: { outDir: folder },
        preview: { host: '127.0.0.1', port: 0 },
        plugins: [localChainsPlugin(chains)],
      })
      browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu'] })
    }, 120_000)
    afterAll(async () => {
      await browser?.close()
      await server?.close()
      await chains?.stop()
      await rm(folder, { recursive: true, force: true })
    })
    beforeEach(() => open({ viewport: { width: 1100, height: 900 }, colorScheme: 'light' }))
    afterEach(() => {
      expect(troubles.splice(0)).toEqual([])
    })

    it.each(Object.keys(TO) as (keyof typeof TO)[])(
      'opens an account on %s, shows its address on the device and pays',
      async (chain) => {
        // A machine without bitcoind shows no Bitcoin.
        if (chains.nodes[chain] === undefined) return
        await connect()
        const address = await openAccount(chain)

        await press('Show on device', card(chain))
        await see('read the address on its screen')
        await picture(`${chain}-address`)
        await press('Approve')
        await see('The Ledger has shown it', card(chain))

        await pay(chain)
        await picture(`${chain}-review`)
        await press('Sign on the Ledger', card(chain))
        await see('read the transaction on its screen')
        await picture(`${chain}-sign`)
        await press('Approve')
        await see(/^Confirmed in block/, card(chain))
        await picture(`${chain}-paid`)
        expect(address).not.toBe('')
        expect(await card(chain).getByRole('alert').count()).toBe(0)
      },
      60_000,
    )

    it('says what went wrong, and goes on', async () => {
      await open({ viewport: { width: 360, height: 740 }, colorScheme: 'dark' })
      await picture('narrow-connect')
      await connect()
      const ethereum = card('ethereum')
      await press('Open the account', ethereum)
      await press('Refuse')
      await see('It was refused on the Ledger.', ethereum)
      await openAccount('ethereum')

      await press('Lock')
      await press('Show on device', ethereum)
      await see('The Ledger is locked. Unlock it with its PIN and try again.', ethereum)
      await picture('narrow-locked')
      await press('Unlock')
      await press('Show on device', ethereum)
      await see('read the address on its screen')
      await press('Stop waiting')
      await see(/cancelled|aborted|stopped/i, ethereum)
      await press('Approve')

      await ethereum.getByLabel('To').fill('0x70997970')
      await ethereum.getByLabel('Amount').fill('0.25')
      await press('Review', ethereum)
      await see(/address/i, ethereum.getByRole('alert'))
      await ethereum.getByLabel('To').fill(TO.ethereum)
      await press('Review', ethereum)
      await press('Sign on the Ledger', ethereum)
      await see('read the transaction on its screen')
      await picture('narrow-sign')
      await press('Unplug')
      await see('The Ledger is not connected.', ethereum)
      await press('Plug in')
      await press('Review', ethereum)
      await press('Cancel', ethereum)
      await press('Disconnect')
      await tab.getByRole('radio').first().waitFor()

      const overflow = await tab.evaluate(() => document.documentElement.scrollWidth - innerWidth)
      expect(overflow).toBeLessThanOrEqual(0)
    }, 60_000)

    it("pays over WebHID, by Ledger's own transport", async () => {
      const device = simulatedDevice(() => 'approve')
      await open({}, '', (context) => plugIntoHid(context, device))
      await tab.getByRole('radio', { name: /WebHID/ }).check()
      await press('Connect')
      await see('Connected: USB, by WebHID.')
      await press('Open the account', card('ethereum'))
      await press('Get coins', card('ethereum'))
      await see(/^[1-9][0-9.]* ETH$/, card('ethereum'))
      await pay('ethereum')
      await press('Sign on the Ledger', card('ethereum'))
      await see(/^Confirmed in block/, card('ethereum'))
      expect(device.shown.map(({ kind }) => kind)).toEqual(['open app', 'transaction'])
    }, 60_000)

    it.each([/WebHID/, /WebUSB/])('says that no device was chosen over %s', async (name) => {
      await tab.evaluate(() => {
        const { hid, usb } = navigator as unknown as Record<'hid' | 'usb', { requestDevice(): unknown }>
        hid.requestDevice = async () => []
        usb.requestDevice = async () => {
          throw new DOMException('No device selected.', 'NotFoundError')
        }
      })
      await tab.getByRole('radio', { name }).check()
      await press('Connect')
      await see('The Ledger is not connected. Plug it in, unlock it and try again.')
    })

    it('has no simulated device where money is real', async () => {
      await open({}, `?network=main&ethereum=${encodeURIComponent('http://127.0.0.1:1')}`)
      await see('On the main networks')
      expect(await tab.getByRole('radio', { name: /Simulated device/ }).isDisabled()).toBe(true)
    })
  },
)
