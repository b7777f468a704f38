/** Bitcoin, by Esplora, Electrum, Blockbook or a node: coins, amounts, histories, headers, rates. */
export * as bitcoin from './bitcoin.ts'
/** On all chains: what becomes of a transaction that is sent. */
export * as broadcast from './broadcast.ts'
/** EVM chains: prices, nonces, balances, tokens, logs. */
export * as evm from './evm.ts'
/** On all chains: newest blocks that are old, or others. */
export * as heads from './heads.ts'
/** Tron: transactions, prices, resources, tokens, time. */
export * as tron from './tron.ts'
/** Under every protocol: size, time, form, redirects, the order of answers. */
export * as wire from './wire.ts'
