export * from './account.ts'
export * from './amount.ts'
export * from './approve.ts'
export * from './asset.ts'
export * from './bulk.ts'
export * from './chain.ts'
export {
  type Known,
  lookalikeHint,
  lookalikeOf,
  lookalikeWarnings,
  readKnown,
  rememberPaid,
} from './contacts.ts'
export { type Cosigning, cosigning } from './cosigning.ts'
export * from './draft.ts'
export * from './effects.ts'
export * from './engine.ts'
export { publicAddMany, verifyMany } from './engines/many.ts'
export { nobleEngine } from './engines/noble.ts'
export * from './error.ts'
export { chainOfJson, createDraft, createSigned, readDraft, readSigned } from './forms.ts'
export * from './hd.ts'
export * from './hd-many.ts'
export * from './ids.ts'
export * from './json.ts'
export * from './keys.ts'
export type { AccountText, MessageOptions, SigningMessages } from './messages.ts'
export {
  type AccountOptions,
  createOfflineWallet,
  type OfflineConfig,
  type OfflineWallet,
  type Reading,
  type Signing,
  type SigningConfig,
  type WalletSignOptions,
} from './offline.ts'
export * from './path.ts'
export {
  type ConfirmOptions,
  followPayment,
  type Payment,
  type PaymentStatus,
  type WatchOptions,
} from './payment.ts'
export { copyPlain } from './plain.ts'
export type { Acceptance, Policy, PolicyStep, StepCondition } from './policy.ts'
export type { Ask, AskOptions, Question } from './policy-ask.ts'
export { cancelDelay, type Delay, readDelays } from './policy-delay.ts'
export type { PolicyRule, Refusal } from './policy-rules.ts'
export { randomBytes } from './random.ts'
export * from './render.ts'
export type { MnemonicSecret, PrivateKeySecret, Secret, XprvSecret } from './secret.ts'
export * from './signed.ts'
export * from './signer.ts'
export * from './source.ts'
export * from './store.ts'
export * from './verify.ts'
export * from './wait.ts'
export * from './wallet.ts'
