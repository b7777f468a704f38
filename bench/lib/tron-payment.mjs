// The payments on Tron that every contestant signs, with what a node would tell of its block, and who pays: the first
// address of the words of payment.mjs.
export const tronPath = "m/44'/195'/0'/0/0"
export const tronAddress = 'TWer2Ygk5TEheHp3TPuYeqxmB6SsGZmaL6'

export const USDT = 'TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t'

/** The block that the payments refer to, for those who want it in full: a made-up one. */
export const block = {
  timestamp: 1_759_999_998_000,
  txTrieRoot: new Uint8Array(32).fill(1),
  parentHash: new Uint8Array(32).fill(2),
  number: 76_000_000,
  witnessAddress: Uint8Array.of(0x41, ...new Uint8Array(20).fill(3)),
  version: 31,
}
/** Two bytes of its number, eight of its hash. */
const reference = { bytes: 'ab00', hash: '8617915bac614057' }

const DAY = 86_400_000

/** The payment of the bundles, of this day's first moment: the same for all, and not so old that a wallet wonders. */
export const transfer = transferAt(Math.floor(Date.now() / DAY) * DAY)

/**
 * 10 million base units, made at `timestamp` (Unix milliseconds): `blockHeader` in tronweb's words, `numbers` in Coffer's.
 */
export function transferAt(timestamp, { feeLimit = 0 } = {}) {
  const expiration = timestamp + 600_000
  return {
    to: 'TJRabPrwbZy45sbavfcjinPJC18kjpRTv8',
    amount: 10_000_000,
    blockHeader: {
      ref_block_bytes: reference.bytes,
      ref_block_hash: reference.hash,
      expiration,
      timestamp,
    },
    numbers: {
      refBlockBytes: reference.bytes,
      refBlockHash: reference.hash,
      expiration: BigInt(expiration),
      timestamp: BigInt(timestamp),
      feeLimit: BigInt(feeLimit),
    },
  }
}
