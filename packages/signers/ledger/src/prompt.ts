/** What a person has to do now, for an app to say so on its own screen. */
export type LedgerPrompt =
  /** Allow an app to be opened. */
  | { readonly kind: 'open-app'; readonly app: string }
  /** Read what the device shows, and approve or refuse it. */
  | {
      readonly kind: 'confirm'
      readonly app: string
      readonly what: 'transaction' | 'authorization' | 'message' | 'typed data' | 'address' | 'account'
      /** True when the device shows a hash alone: what is signed can be read in the app, not on the device. */
      readonly blind: boolean
    }
