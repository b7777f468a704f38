import { StatusWord } from '../apdu.ts'
import type { AppContext } from '../app.ts'
import { concat, decimal, hex } from '../byte-strings.ts'
import type { Host } from './host.ts'
import type { DeviceKeys } from './keys.ts'
import { readCommitment } from './merkle-map.ts'
import { addressOf, type DeviceNetwork } from './networks.ts'
import type { KeyExpression } from './policy.ts'
import { type Derivation, type Psbt, type PsbtInput, readPsbt } from './psbt.ts'
import { reader, varint } from './reader.ts'
import { ecdsa, signatureHashes, taprootSignature } from './signature.ts'
import { knownWallet, publicKeyAt, type Wallet, walletScript, witnessVersion } from './wallet.ts'

/** An address of the wallet. */
interface Place {
  readonly isChange: boolean
  readonly index: number
}

const ALL = 0x01
/** Fees of a tenth of what is spent, when that is more than this, are warned of. */
const HIGH_FEE_FROM = 100_000n
const BITCOIN_DECIMALS = 8

const wrong = (): StatusWord => new StatusWord(0x6a80)

/** Signs what is the wallet's of a transaction; the signatures go to the host one by one. */
export async function signPsbt(
  data: Uint8Array,
  protocol: number,
  host: Host,
  context: AppContext,
  keys: DeviceKeys,
  network: DeviceNetwork,
): Promise<Uint8Array> {
  const read = reader(data, 0x6a87)
  const global = readCommitment(read)
  const inputs = { size: read.varint(), root: read.bytes(32) }
  const outputs = { size: read.varint(), root: read.bytes(32) }
  const [id, hmac] = [read.bytes(32), read.bytes(32)]
  const wallet = await knownWallet(id, hmac, host, keys, network)
  const psbt = await readPsbt(host, global, inputs, outputs)
  const places = psbt.inputs.map((input) => placeOf(wallet, input.derivations, input.coin.script))
  const own = psbt.inputs.filter((_, at) => places[at])
  if (own.length === 0) throw wrong()
  for (const input of own) check(input, witnessVersion(wallet))
  await context.ask(screen(psbt, wallet, places, network))

  const hashes = signatureHashes(psbt)
  for (const [at, place] of places.entries()) {
    if (!place) continue
    const { script, scriptCode } = walletScript(wallet, place.isChange, place.index)
    for (const expression of ownExpressions(wallet)) {
      const { origin } = wallet.keys[expression.key]!
      const branch = place.isChange ? expression.change : expression.receive
      const key = keys.at([...origin!.path, branch, place.index])
      const send = (publicKey: Uint8Array, signature: Uint8Array): Promise<void> =>
        host.yield(
          concat(
            varint(at),
            // The first protocol had no keys here.
            ...(protocol === 0 ? [] : [Uint8Array.of(publicKey.length), publicKey]),
            signature,
          ),
        )
      const version = witnessVersion(wallet)
      if (version === 1) {
        const sighash = psbt.inputs[at]!.sighash ?? 0
        await send(script.slice(2), taprootSignature(key, hashes.taproot(at, sighash), sighash))
      } else {
        const hash = version === 0 ? hashes.witnessV0(at, scriptCode) : hashes.legacy(at, scriptCode)
        await send(publicKeyAt(wallet, expression, place.isChange, place.index), ecdsa(key, hash))
      }
    }
  }
  return new Uint8Array()
}

const ownExpressions = ({ policy, keys }: Wallet): KeyExpression[] =>
  policy.keys.filter(({ key }) => keys[key]!.own)

/** Where a script is in the wallet; `undefined` for one that is not its. */
function placeOf(wallet: Wallet, derivations: readonly Derivation[], script: Uint8Array): Place | undefined {
  for (const expression of ownExpressions(wallet)) {
    const { origin } = wallet.keys[expression.key]!
    for (const { fingerprint, path } of derivations) {
      if (hex(fingerprint) !== hex(origin!.fingerprint)) continue
      if (path.length !== origin!.path.length + 2) continue
      if (origin!.path.some((step, at) => step !== path[at])) continue
      const [branch, index] = path.slice(-2) as [number, number]
      const isChange = branch === expression.change
      if (!isChange && branch !== expression.receive) continue
      if (index >= 0x80000000) continue
      if (hex(walletScript(wallet, isChange, index).script) === hex(script)) return { isChange, index }
    }
  }
  return undefined
}

/** Throws 0x6a80 for an input that the app does not sign. */
function check({ verified, hasWitnessUtxo, sighash }: PsbtInput, version: 0 | 1 | undefined): void {
  if (version === undefined ? !verified || hasWitnessUtxo : !hasWitnessUtxo) throw wrong()
  const allowed = version === 1 ? [undefined, 0, ALL] : [undefined, ALL]
  if (!allowed.includes(sighash)) throw wrong()
}

function screen(
  { inputs, outputs }: Psbt,
  wallet: Wallet,
  places: readonly (Place | undefined)[],
  network: DeviceNetwork,
): Parameters<AppContext['ask']>[0] {
  const amountText = (amount: bigint): string => `${decimal(amount, BITCOIN_DECIMALS)} ${network.ticker}`
  const spent = inputs.reduce((sum, { coin }) => sum + coin.amount, 0n)
  const fee = spent - outputs.reduce((sum, { amount }) => sum + amount, 0n)
  if (fee < 0n) throw wrong()
  const shown = outputs.filter(({ derivations, script }) => !placeOf(wallet, derivations, script)?.isChange)
  const unverified =
    witnessVersion(wallet) === 0 && inputs.some(({ verified }, at) => places[at] && !verified)
  const warnings = [
    ...(places.some((place) => !place) ? ['External inputs'] : []),
    ...(unverified ? ['Unverified inputs'] : []),
    ...(10n * fee >= spent && spent > HIGH_FEE_FROM ? ['High fees'] : []),
  ]
  return {
    kind: 'transaction',
    fields: [
      ...(wallet.name ? [['Spend from', wallet.name] as const] : []),
      ...(shown.length ? [] : [['To', 'Self-transfer'] as const]),
      ...shown.flatMap(({ amount, script }) => [
        ['Amount', amountText(amount)] as const,
        ['To', destination(script, network)] as const,
      ]),
      ['Fees', amountText(fee)],
    ],
    warnings,
  }
}

/** An address, or what data an output has. Throws 0x6a82 for a script that the app cannot show. */
function destination(script: Uint8Array, network: DeviceNetwork): string {
  const address = addressOf(script, network)
  if (address !== undefined) return address
  if (script[0] === 0x6a) return `OP_RETURN 0x${hex(script.slice(script[1] === 0x4c ? 3 : 2))}`
  throw new StatusWord(0x6a82)
}
