import './buffer.ts'
import { createWallet } from '@coffer/core'
import { bitcoinApp, ethereumApp, ledgerSigner, tronApp } from '@coffer/signer-ledger/ledgerjs'
import { names, networks, sourcesOf } from '../networks.ts'
import { errorSentence, promptSentence } from '../sentences.ts'
import { accountPanel } from './account.ts'
import { find, make, say } from './dom.ts'
import { fund, readSettings } from './settings.ts'
import { type Way, ways } from './ways.ts'

const { network, nodes } = await readSettings()
const known = names.filter((name) => nodes[name] !== undefined)
find('#network').textContent =
  known.length === 0
    ? 'No node was named. Run npm run dev, or add ?network=test&ethereum=https://… to the address.'
    : { local: 'On chains of this machine', test: 'On test networks', main: 'On the main networks' }[network]

const prompt = find('#prompt')
const promptText = find('p', prompt)
let waiting: AbortController | undefined
find('button', prompt).addEventListener('click', () => waiting?.abort())

/** Runs what needs the device; what it asks for stands in `prompt` until it has ended. */
async function atDevice<T>(task: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const own = new AbortController()
  waiting = own
  try {
    return await task(own.signal)
  } finally {
    if (waiting === own) {
      waiting = undefined
      prompt.hidden = true
      promptText.textContent = ''
    }
  }
}

async function connect(way: Way): Promise<() => void> {
  const signer = ledgerSigner({
    transport: way.open,
    apps: [bitcoinApp(), ethereumApp(), tronApp()],
    onPrompt: (what) => {
      promptText.textContent = promptSentence(what)
      prompt.hidden = false
    },
  })
  try {
    // Any question will do: it connects, and fails where there is no device or it is locked.
    await atDevice((signal) => signer.app({ signal }))
    find('#device-state').textContent = `Connected: ${way.name}.`
  } catch (error) {
    signer.dispose()
    throw error
  }
  const chains = known.map((name) => networks[network][name])
  const wallet = createWallet({ chains, source: sourcesOf(network, nodes), signer })
  find('#accounts').replaceChildren(
    ...known.map((name) =>
      accountPanel({
        name,
        chain: networks[network][name],
        wallet,
        signer,
        fund: network === 'local' ? (address) => fund(name, address) : undefined,
        atDevice,
      }),
    ),
  )
  return () => wallet.dispose()
}

const form = find<HTMLFormElement>('#connect')
const error = find('#connect-error')
let disconnect = (): void => {}

for (const { id, name, hint, isSupported } of ways) {
  // Words that everybody knows are nothing for money of the main networks.
  const absent = !isSupported
    ? 'Not in this browser'
    : id === 'simulator' && network === 'main'
      ? 'Not where money is real'
      : undefined
  const label = make('label', '', { class: 'way' })
  const input = make('input', '', { type: 'radio', name: 'way', value: id })
  input.required = true
  input.disabled = absent !== undefined
  label.append(input, make('span', name), make('small', absent ?? hint))
  find('#ways').append(label)
}
form.querySelector<HTMLInputElement>('input:not(:disabled)')?.click()

const show = (isConnected: boolean, way?: Way): void => {
  form.hidden = isConnected
  find('#connected').hidden = !isConnected
  find('#accounts').hidden = !isConnected
  find('#device').hidden = way?.id !== 'simulator'
}

form.addEventListener('submit', async (event) => {
  event.preventDefault()
  const chosen = new FormData(form).get('way')
  const way = ways.find(({ id }) => id === chosen)
  if (!way || form.ariaBusy === 'true') return
  form.ariaBusy = 'true'
  say(error)
  find('#device').hidden = way.id !== 'simulator'
  try {
    disconnect = await connect(way)
    show(true, way)
    find('#disconnect').focus()
  } catch (cause) {
    say(error, errorSentence(cause))
  } finally {
    form.ariaBusy = 'false'
  }
})
find('#disconnect').addEventListener('click', () => {
  waiting?.abort()
  disconnect()
  show(false)
})
