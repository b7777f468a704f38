export type { BitcoinAccount, BitcoinBalance, BitcoinReceiveOptions, Coin } from './account.ts'
export { formatAddress, parseAddress } from './address.ts'
export {
  type BitcoinChain,
  type BitcoinOptions,
  bitcoin,
  bitcoinChain,
  regtest,
  signet,
  testnet4,
} from './bitcoin.ts'
export { accountScript } from './chain-messages.ts'
export { type AccountScript, deriveScripts, type Keychain } from './derive.ts'
export {
  accountDescriptor,
  type Descriptor,
  type DescriptorKey,
  type DescriptorOptions,
  multisigDescriptor,
  parseDescriptor,
  type ScriptType,
} from './descriptor.ts'
export type { FeeChoice, FeeSpeed } from './fees.ts'
export { inspectSigned } from './inspect-signed.ts'
export type { BitcoinIntent, Output } from './intent.ts'
export {
  formatLabels,
  type Label,
  type LabelFile,
  type LabelType,
  parseLabels,
  type SkippedLine,
} from './labels.ts'
export { type MessageProof, signMessage, verifyMessage } from './messages.ts'
export {
  type BitcoinNetwork,
  bitcoinNetwork,
  regtestNetwork,
  signetNetwork,
  testnet4Network,
} from './networks.ts'
export { decodePsbt, encodePsbt, type Psbt, type PsbtInput, type PsbtOutput } from './psbt.ts'
export { draftToPsbt, type PsbtDraftOptions, psbtToDraft, withPsbtSignatures } from './psbt-draft.ts'
export { combinePsbts, extractTx, finalizePsbt } from './psbt-merge.ts'
export type { ReplaceRequest } from './replace.ts'
export type { BitcoinCosts, BitcoinRequest } from './request.ts'
export { type BitcoinRules, bitcoinRules, type SingleKeyType } from './rules.ts'
export {
  type Coin as Candidate,
  type Selection,
  type SelectRequest,
  selectAll,
  selectCoins,
} from './select.ts'
export { type ExtendedKeyText, formatXpub, normaliseXprv, normaliseXpub } from './slip132.ts'
export type { SyncOptions, SyncProgress } from './sync.ts'
export { decodeTx, encodeTx, type Tx, type TxInput, type TxOutput, txidOf, weightOf } from './transaction.ts'
export { formatUri, type PaymentUri, parseUri, type UriFields, type UriParameter } from './uri.ts'
export { formatWif, parseWif } from './wif.ts'
