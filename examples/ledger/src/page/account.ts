import { type Draft, describeEffects, type Wallet } from '@coffer/core'
import type { LedgerSigner } from '@coffer/signer-ledger'
import type { AnyAccount, AnyChain, Name } from '../networks.ts'
import { amountText, errorSentence, statusSentence } from '../sentences.ts'
import { find, make, say } from './dom.ts'

export interface AccountPanel {
  readonly name: Name
  readonly chain: AnyChain
  readonly wallet: Wallet<AnyChain[]>
  readonly signer: LedgerSigner
  /** Pays coins to an address; only local chains have a faucet. */
  readonly fund?: ((address: string) => Promise<void>) | undefined
  /** Runs what needs the device, and lets its owner stop waiting. */
  atDevice<T>(task: (signal: AbortSignal) => Promise<T>): Promise<T>
}

/** The panel of one chain: its account, what it holds, and a payment from create to confirmed. */
export function accountPanel({
  name,
  chain,
  wallet,
  signer,
  fund,
  atDevice,
}: AccountPanel): DocumentFragment {
  const panel = find<HTMLTemplateElement>('template#account').content.cloneNode(true) as DocumentFragment
  const card = find('section', panel)
  const part = (what: string): HTMLElement => find(`[data-${what}]`, card)
  const form = find<HTMLFormElement>('form', card)
  const { coin } = chain

  let account: AnyAccount | undefined
  let address = ''
  let draft: Draft | undefined

  card.dataset['chain'] = name
  part('name').textContent = `${name[0]?.toUpperCase()}${name.slice(1)}`
  part('symbol').textContent = coin.symbol
  part('fund').hidden = !fund
  if (chain.name === 'regtest')
    say(part('hint'), 'On the Ledger it begins with tb1 and ends otherwise: one app for all test networks.')

  const setBusy = (isBusy: boolean): void => {
    card.ariaBusy = String(isBusy)
    // Disabled in earnest they would lose the focus.
    for (const button of card.querySelectorAll('button')) button.ariaDisabled = String(isBusy)
  }
  /** One thing at a time; what went wrong stands below it. */
  const on = (target: HTMLElement, event: string, task: () => Promise<unknown>): void => {
    target.addEventListener(event, async (event) => {
      event.preventDefault()
      if (card.ariaBusy === 'true') return
      setBusy(true)
      say(part('error'))
      try {
        await task()
      } catch (error) {
        say(part('error'), errorSentence(error))
        part('error').scrollIntoView({ block: 'center' })
      } finally {
        setBusy(false)
      }
    })
  }
  const step = (text: string): HTMLElement => {
    const line = make('li', text)
    part('steps').append(line)
    line.scrollIntoView({ block: 'center' })
    return line
  }
  const opened = (): AnyAccount => account!

  const refresh = async (): Promise<void> => {
    ;({ address } = await opened().receive())
    part('address').textContent = address
    const [balance] = await opened().balances()
    if (balance?.error) throw balance.error
    part('balance').textContent = balance ? amountText(balance.amount, balance.asset) : ''
  }

  const review = (next?: Draft): void => {
    draft = next
    form.hidden = next !== undefined
    part('review').hidden = next === undefined
    const lines = next ? describeEffects(next.effects, [coin, ...chain.assets]) : []
    part('effects').replaceChildren(...lines.map((line) => make('li', line)))
    // Where the hands go on: what had the focus is hidden now.
    ;(next ? part('sign') : find('button', form)).focus()
  }

  on(part('open'), 'click', async () => {
    account = await atDevice((signal) => wallet.account(chain.name, { signal }))
    part('closed').hidden = true
    part('opened').hidden = false
    part('balance').textContent = 'Reading …'
    part('show').focus()
    await refresh()
  })
  on(part('refresh'), 'click', refresh)
  on(part('fund'), 'click', async () => {
    await fund?.(address)
    await refresh()
  })
  on(part('show'), 'click', async () => {
    say(part('shown'))
    const { descriptor } = opened()
    await atDevice((signal) => signer.showAddress({ chain, account: descriptor, address }, { signal }))
    say(part('shown'), 'The Ledger has shown it: this address is its own.')
  })
  on(form, 'submit', async () => {
    const fields = new FormData(form)
    const [to, amount] = ['to', 'amount'].map((field) => String(fields.get(field)).trim()) as [string, string]
    part('steps').replaceChildren()
    review(await opened().create({ to, amount }))
  })
  on(part('cancel'), 'click', async () => {
    const left = draft
    review()
    const current = opened()
    // What it had set aside, coins or a number, is free again.
    if (left && 'discard' in current) await current.discard(left)
  })
  on(part('sign'), 'click', async () => {
    const approved = draft!
    const signed = await atDevice((signal) => wallet.sign(approved, { signal })).finally(() => review())
    step('Signed on the Ledger.')
    const payment = await wallet.publish(signed)
    step(`Published as ${payment.txid}.`)
    const last = step('Waiting for a block …')
    form.reset()
    for await (const status of payment.watch({ interval: 1_000 })) {
      last.textContent = statusSentence(status, coin)
      last.dataset['state'] = status.state
      if (status.state === 'confirmed') break
    }
    await refresh()
  })
  return panel
}
