// The one Bitcoin payment that every bundle signs: a coin of the first address, and change to the first change address.
// Of the well-known words of payment.mjs, at m/84'/0'/0'.
export const spend = {
  /** The transaction that made the coin; its second output is ours. */
  previous:
    '0200000001abababababababababababababababababababababababababababababababab0000000000fdffffff02d202964900000000' +
    '160014751e76e8199196d454941c45d1b3a323f1433bd6a086010000000000160014a81d55416d14810a14ccf8fe619e8ad6633e4dde00000000',
  txid: '44fe073cd65fce55ba651e0e15f41d36cc0b1ffb527d706953b2d4159257ba40',
  vout: 1,
  amount: 100_000n,
  to: 'bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4',
  pay: 60_000n,
  change: 38_590n,
}
