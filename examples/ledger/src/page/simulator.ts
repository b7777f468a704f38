import {
  bitcoinDeviceApp,
  type Deed,
  ethereumDeviceApp,
  type LedgerDevice,
  ledgerDevice,
  type Screen,
  tronDeviceApp,
} from '@coffer/devnet/ledger'
import { find, make } from './dom.ts'

/** Everybody knows them: for chains without value alone. */
const WORDS = 'test test test test test test test test test test test junk'

let device: LedgerDevice | undefined

/** The simulated Ledger, with its screen and buttons on the page. The same one each time. */
export function simulator(): LedgerDevice {
  if (device) return device
  const made = ledgerDevice({
    mnemonic: WORDS,
    apps: [bitcoinDeviceApp({ network: 'test' }), ethereumDeviceApp(), tronDeviceApp()],
    person: (screen) =>
      new Promise((answer) => {
        asked = { screen, answer }
        draw()
      }),
  })
  device = made

  const panel = find('#device')
  const [lock, plug] = [find('#lock', panel), find('#plug', panel)]
  const deeds = panel.querySelectorAll<HTMLButtonElement>('[data-deed]')
  let [isLocked, isPlugged] = [false, true]
  /** What it waits for an answer to. */
  let asked: { readonly screen: Screen; answer(deed: Deed): void } | undefined

  const draw = (): void => {
    const screen = asked?.screen
    const lines = screen ? question(screen) : [make('p', rest())]
    const shown = find('.screen', panel)
    // A screen reader hears what changes, and nothing twice.
    if (shown.textContent !== lines.map((line) => line.textContent).join('')) shown.replaceChildren(...lines)
    for (const button of deeds) button.hidden = !screen
    panel.classList.toggle('asks', screen !== undefined)
    lock.hidden = screen !== undefined || !isPlugged
    lock.textContent = isLocked ? 'Unlock' : 'Lock'
    plug.textContent = isPlugged ? 'Unplug' : 'Plug in'
  }
  const rest = (): string => {
    if (!isPlugged) return 'Unplugged'
    if (isLocked) return 'Locked'
    return made.app === 'BOLOS' ? 'Dashboard' : `${made.app} is ready`
  }
  const answer = (deed: Deed): void => {
    const { answer } = asked!
    asked = undefined
    answer(deed)
    draw()
  }

  for (const button of deeds) button.addEventListener('click', () => answer(button.dataset['deed'] as Deed))
  lock.addEventListener('click', () => {
    isLocked = !isLocked
    isLocked ? made.lock() : made.unlock()
    draw()
  })
  plug.addEventListener('click', () => {
    isPlugged = !isPlugged
    if (asked) answer('unplug')
    else isPlugged ? made.plug() : made.unplug()
    draw()
  })
  // Which app is open changes without a word.
  setInterval(draw, 200)
  draw()
  return made
}

/** What the device shows while it waits for its owner. */
function question({ app, kind, fields, warnings }: Screen): HTMLElement[] {
  const list = make('dl')
  for (const [label, value] of fields) list.append(make('dt', label), make('dd', value))
  return [
    make('p', app === 'BOLOS' ? kind : `${app} · ${kind}`, { class: 'title' }),
    ...warnings.map((warning) => make('p', warning, { class: 'warning' })),
    list,
  ]
}
