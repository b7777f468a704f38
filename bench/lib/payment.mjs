// The one payment that every contestant signs, and the well-known words that sign it.
export const mnemonic = 'test test test test test test test test test test test junk'
export const path = "m/44'/60'/0'/0/0"
export const address = '0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266'

/** @param {number} nonce */
export const payment = (nonce) => ({
  chainId: 1,
  nonce,
  maxFeePerGas: 20_000_000_000n,
  maxPriorityFeePerGas: 1_000_000_000n,
  gasLimit: 21_000n,
  to: '0x70997970C51812dc3A010C7d01b50e0d17dc79C8',
  value: 250_000_000_000_000_000n,
})
