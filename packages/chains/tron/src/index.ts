export type { TronAccount } from './account.ts'
export { addressToHex, isAddress, parseAddress } from './address.ts'
export type { AssetInput } from './assets.ts'
export type { TronContract } from './contracts.ts'
export { allContracts } from './contracts-more.ts'
export { makeDraft } from './draft.ts'
export { type FeeParts, feeParts } from './fee-parts.ts'
export type {
  ActiveKeySet,
  Address,
  Hex,
  KeySet,
  Prices,
  SigningPermission,
  TokenData,
  TronIntent,
  TronNetwork,
  Vote,
} from './intent.ts'
export { intentOf } from './intent-of.ts'
export { recoverMessage, verifyMessage } from './messages.ts'
export { nileNetwork, shastaNetwork, tronDevnetNetwork, tronNetwork } from './networks.ts'
export {
  type Payout,
  type PayoutQueue,
  type PayoutQueueConfig,
  type PayoutRunOptions,
  type PayoutState,
  type PayoutStatus,
  payoutQueue,
} from './payout-queue.ts'
export type { Permissions } from './permissions-of.ts'
export type { TxNumbers } from './rebuild.ts'
export type { KeysInput, TronCosts, TronRequest } from './request.ts'
export type { Resources } from './resources.ts'
export { type TronRules, tronRules } from './rules.ts'
export {
  decodeRaw,
  decodeSigned,
  encodeRaw,
  encodeSigned,
  type TronTransaction,
  txidOf,
} from './transaction.ts'
export { nile, shasta, type TronChain, type TronOptions, tron, tronChain, tronDevnet } from './tron.ts'
export { hashTypedData, typedDataParts, verifyTypedData } from './typed-data.ts'
export { formatUri, type PaymentUri, parseUri } from './uri.ts'
