export type { EvmAccount } from './account.ts'
export { isAddress, parseAddress } from './address.ts'
export { makeDraft } from './draft.ts'
export { bnb, bnbTestnet, type EvmChain, type EvmOptions, ethereum, evmChain, sepolia } from './evm.ts'
export type { FeeChoice, FeeSpeed } from './fees.ts'
export type {
  AccessList,
  Address,
  Authorization,
  EvmIntent,
  EvmNetwork,
  EvmTransaction,
  Hex,
  Replaces,
  TokenData,
} from './intent.ts'
export { recoverMessage, verifyMessage } from './messages.ts'
export { bnbNetwork, bnbTestnetNetwork, ethereumNetwork, sepoliaNetwork } from './networks.ts'
export type { TxNumbers } from './rebuild.ts'
export type { ReplaceRequest } from './replace.ts'
export type { AssetInput, EvmCosts, EvmRequest } from './request.ts'
export { type EvmRules, evmRules } from './rules.ts'
export {
  authorizationHash,
  decodeSigned,
  decodeUnsigned,
  encodeSigned,
  encodeUnsigned,
  signingHash,
} from './transaction.ts'
export { hashTypedData, typedDataParts, verifyTypedData } from './typed-data.ts'
export { formatUri, type PaymentUri, parseUri } from './uri.ts'
