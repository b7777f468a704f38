/** What the device shows before it does something that only its owner may allow. */
export interface Screen {
  /** The app that asks; `BOLOS` for the dashboard. */
  readonly app: string
  readonly kind:
    | 'open app'
    | 'address'
    | 'public key'
    | 'transaction'
    | 'message'
    | 'typed data'
    | 'authorization'
    | 'wallet policy'
    | 'hash'
  /** Line by line, a label and a value: `['Amount', '0.5 BTC']`, `['To', 'bc1q…']`. */
  readonly fields: readonly (readonly [label: string, value: string])[]
  /** What the device warns of: `Blind signing`, `Unverified inputs`, `High fees`. */
  readonly warnings: readonly string[]
}

/** What a person does at a screen. `unplug` pulls the cable while the device waits. */
export type Deed = 'approve' | 'refuse' | 'unplug'

/** Who holds the device. Called once for every screen; may take its time. */
export type Person = (screen: Screen) => Deed | Promise<Deed>
