import type { LedgerDevice } from '@coffer/devnet/ledger'
import type { BrowserContext } from 'playwright-core'

/** Plugs a simulated device into the WebHID of a browser: reports of 64 bytes, as over USB. Whoever is asked chooses it. */
export async function plugIntoHid(context: BrowserContext, device: LedgerDevice): Promise<void> {
  await context.exposeFunction('exchangeWithDevice', async (apdu: readonly number[]) => {
    const before = device.app
    const answer = [...(await device.exchange(Uint8Array.from(apdu)))]
    return { answer, isGone: device.app !== before }
  })
  await context.addInitScript(fakeHid)
}

type Exchange = (apdu: readonly number[]) => Promise<{ answer: readonly number[]; isGone: boolean }>
type Listener = (event: object) => void

/** Runs in the page, and can use nothing of this file. */
function fakeHid(): void {
  const { exchangeWithDevice } = globalThis as unknown as { exchangeWithDevice: Exchange }
  const [head, size] = [5, 64]
  const hid = new EventTarget()
  const plugged = (): object => {
    const listeners = new Set<Listener>()
    let received: number[] = []
    let isOpen = false
    const device = {
      vendorId: 0x2c97,
      productId: 0x5011,
      open: async () => {
        isOpen = true
      },
      close: async () => {
        isOpen = false
      },
      addEventListener: (_: string, listener: Listener) => listeners.add(listener),
      removeEventListener: (_: string, listener: Listener) => listeners.delete(listener),
      sendReport: async (_: number, report: Uint8Array) => {
        if (!isOpen || device !== current) throw new Error('Failed to write the report.')
        const block = [...report]
        if (block[3] === 0 && block[4] === 0) received = []
        received.push(...block.slice(head))
        const length = received[0]! * 256 + received[1]!
        if (received.length < length + 2) return
        void answer(block.slice(0, 3), received.slice(2, length + 2))
      },
    }
    const answer = async (channel: readonly number[], apdu: readonly number[]): Promise<void> => {
      const { answer, isGone } = await exchangeWithDevice(apdu)
      const all = [answer.length >> 8, answer.length & 0xff, ...answer]
      for (let sent = 0, i = 0; sent < all.length; sent += size - head, i++) {
        const report = new Uint8Array(size)
        report.set([...channel, i >> 8, i & 0xff, ...all.slice(sent, sent + size - head)])
        for (const listener of listeners) listener({ data: new DataView(report.buffer) })
      }
      if (!isGone) return
      // It goes and comes back as another device.
      current = plugged()
      hid.dispatchEvent(Object.assign(new Event('disconnect'), { device }))
    }
    return device
  }
  let current = plugged()
  Object.assign(hid, { getDevices: async () => [current], requestDevice: async () => [current] })
  Object.defineProperty(navigator, 'hid', { value: hid, configurable: true })
}
