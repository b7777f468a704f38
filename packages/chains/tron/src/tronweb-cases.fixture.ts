// Long because it is a list.
// The transactions that tronweb's own tests build (v6.3.0, MIT), one row for each call: the test that makes it, the method
// of `transactionBuilder`, its arguments. Accounts and names that those tests draw at random are fixed here; the code of
// contracts, which nobody runs here, is cut to its first bytes. Calls that a test expects to be refused are not
// here, nor the same call twice.
import { sha256 } from '@noble/hashes/sha2.js'
import { addressFromBytes, addressToHex } from './address.ts'

export type Case = readonly [test: string, method: string, ...args: unknown[]]

/** What `getCurrentRefBlockParams` would have said. */
export const HEADER: Readonly<Record<string, string | number>> = {
  ref_block_bytes: '8de6',
  ref_block_hash: '5d0ae4f5d2b1a3c7',
  expiration: 4_099_000_060_000,
  timestamp: 4_099_000_000_000,
}

/** The account with the number `index`, in base58check and in hex. */
export const b58 = (index: number): string => addressFromBytes(sha256(Uint8Array.of(index)).subarray(0, 20))
const hex = (index: number): string => addressToHex(b58(index))

const DEFAULT = b58(255)
const CONTRACT = 'TQq3EYEiaYr95r6ePRQwycukCEAE4qWkE7'
const NILE_USDT = 'TU1ntBzpGPp7GJkzxLTKwYsneJ9JKUmBCK'
const TOKEN = '1000001'
const OTHER_TOKEN = '1000002'
const permissionId = 2
const active = { permissionId }
const late = { blockHeader: HEADER }
const toHex = (text: string): string =>
  `0x${[...text].map((letter) => letter.charCodeAt(0).toString(16)).join('')}`

const TOKEN_OPTIONS = {
  name: 'Tokenq3x8w1',
  abbreviation: 'TX8W1',
  description: 'Useless utility token',
  url: 'https://example-q3x8w1.com/',
  totalSupply: 100_000_000,
  saleEnd: 4_100_000_060_000,
  frozenAmount: 5,
  frozenDuration: 1,
  trxRatio: 10,
  tokenRatio: 2,
  saleStart: 4_100_000_000_000,
  freeBandwidth: 100,
  freeBandwidthLimit: 1_000,
}
const AS_TEXT = {
  ...TOKEN_OPTIONS,
  totalSupply: '100',
  frozenAmount: '5',
  frozenDuration: '2',
  saleEnd: '4100000060000',
}
const UNFROZEN = { ...AS_TEXT, frozenAmount: '0', frozenDuration: '0' }
const SCORED = { ...TOKEN_OPTIONS, voteScore: 5, precision: 4 }
const UPDATED = {
  description: 'Very useless utility token',
  url: 'https://none.example.com',
  freeBandwidth: 10,
  freeBandwidthLimit: 100,
}

// ---- contracts ----

const CODE = '0x608060405234801561001057600080fd5b5061037d806100206000396000f300'
const uint = (name: string): object => ({ name, type: 'uint256' })
const fn = (name: string, inputs: object[], outputs: object[], stateMutability: string): object => ({
  constant: stateMutability !== 'nonpayable',
  inputs,
  name,
  outputs,
  payable: false,
  stateMutability,
  type: 'function',
})
const construct = (inputs: object[], stateMutability = 'nonpayable'): object => ({
  inputs,
  payable: false,
  stateMutability,
  type: 'constructor',
})
const REVERT = {
  abi: [
    construct([]),
    fn('setOwner', [{ name: 'addr', type: 'address' }], [], 'nonpayable'),
    fn('getOwner', [uint('check')], [{ name: '', type: 'address' }], 'view'),
    fn('getOwner2', [uint('check')], [{ name: '', type: 'address' }], 'view'),
  ],
  bytecode: CODE,
}
const CONSTANT = { abi: [fn('testPure', [uint('x'), uint('y')], [uint('z')], 'pure')], bytecode: CODE }
const SET_VAL = { abi: [fn('set', [uint('_val')], [uint('')], 'nonpayable')], bytecode: CODE }
const ARRAY = {
  abi: [
    fn('balances', [{ name: '', type: 'address' }], [uint('')], 'view'),
    construct([
      { name: 'addresses', type: 'address[]' },
      { name: 'initialBalances', type: 'uint256[]' },
    ]),
  ],
  bytecode: CODE,
}
const RAW_PARAM = {
  abi: [fn('setCheck', [uint('_check')], [], 'nonpayable'), fn('check', [], [uint('')], 'view')],
  bytecode: CODE,
}
const ABI_V2 = [
  { inputs: [uint('_check')], stateMutability: 'nonpayable', type: 'constructor' },
  { inputs: [], name: 'check', outputs: [uint('')], stateMutability: 'view', type: 'function' },
  {
    inputs: [uint('_check')],
    name: 'setCheck',
    outputs: [],
    stateMutability: 'nonpayable',
    type: 'function',
  },
]
const PAYABLE = {
  abi: [
    { inputs: [], stateMutability: 'payable', type: 'constructor' },
    { inputs: [], name: 'retrieve', outputs: [uint('')], stateMutability: 'view', type: 'function' },
    { inputs: [uint('num')], name: 'store', outputs: [], stateMutability: 'nonpayable', type: 'function' },
  ],
  bytecode: CODE,
}
const tuple = (type: string, name: string): object => ({
  components: [
    { name: 'a', type: 'address' },
    { name: 'b', type },
    { name: 'c', type: 'address' },
  ],
  name,
  type: 'tuple',
})
const structs = (type: string): object => ({
  abi: [
    { inputs: [], name: 'get', outputs: [tuple(type, 's2')], stateMutability: 'view', type: 'function' },
    {
      inputs: [uint('')],
      name: 's',
      outputs: [
        { name: 'a', type: 'address' },
        { name: 'b', type },
        { name: 'c', type: 'address' },
      ],
      stateMutability: 'view',
      type: 'function',
    },
    {
      inputs: [tuple(type, '_s')],
      name: 'setStruct',
      outputs: [],
      stateMutability: 'nonpayable',
      type: 'function',
    },
  ],
  bytecode: CODE,
})
const STRUCT_IN_TEXT = {
  abi: JSON.stringify([fn('test', [], [tuple('address', 'r0')], 'pure')]),
  bytecode: CODE,
}
const local = { txLocal: true }
const word = (value: string): string => `0x${value.padStart(64, '0')}`
const one = [{ type: 'uint256', value: 1 }]
const two = [...one, { type: 'uint256', value: 2 }]

// ---- permissions ----

const OPERATIONS = '7fff1fc0033e0000000000000000000000000000000000000000000000000000'
const keys = (write: (index: number) => string, indexes: number[], weight = 1): object[] =>
  indexes.map((index) => ({ address: write(index), weight }))
const owner = (held: object[], threshold = 1): object => ({
  type: 0,
  keys: held,
  threshold,
  permission_name: 'owner',
})
const witness = (held: object[]): object => ({
  keys: held,
  threshold: 1,
  id: 1,
  type: 1,
  permission_name: 'witness',
})
const actives = (held: object[]): object => ({
  operations: OPERATIONS,
  keys: held,
  threshold: 1,
  id: 2,
  type: 2,
  permission_name: 'active',
})

const builder = (test: string, method: string, ...args: unknown[]): Case => [
  `transactionBuilder.test ${test}`,
  method,
  ...args,
]
const deserialize = (test: string, method: string, ...args: unknown[]): Case => [
  `deserializeTx.test ${test}`,
  method,
  ...args,
]
const trx = (test: string, method: string, ...args: unknown[]): Case => [`trx.test ${test}`, method, ...args]

export const cases: readonly Case[] = [
  builder('#sendTrx from the default address', 'sendTrx', b58(1), 10, addressToHex(DEFAULT), active),
  builder('#sendTrx from the default address', 'sendTrx', b58(1), 10),
  builder('#sendTrx from the default address', 'sendTrx', b58(1), 10, addressToHex(DEFAULT), late),
  builder('#sendTrx from accounts[0]', 'sendTrx', b58(1), 10, b58(0), active),
  builder('#sendTrx from accounts[0]', 'sendTrx', b58(1), 10, b58(0)),
  builder('#sendTrx without enough funds', 'sendTrx', b58(254), 1),
  builder('#sendTrx without enough funds', 'sendTrx', hex(3), 10, b58(254)),
  builder('#sendTrx ten times in a block', 'sendTrx', b58(1), 10, undefined, late),
  builder('#createToken', 'createToken', TOKEN_OPTIONS, b58(2)),
  builder('#createToken', 'createToken', { ...TOKEN_OPTIONS, permissionId }, b58(2)),
  builder('#createToken', 'createToken', { ...TOKEN_OPTIONS, ...late }, b58(2)),
  builder('#createToken with voteScore and precision', 'createToken', SCORED, b58(8)),
  builder('#createToken with voteScore and precision', 'createToken', { ...SCORED, permissionId }, b58(9)),
  builder('#createToken any number as a string', 'createToken', AS_TEXT, b58(46)),
  builder('#createToken any number as a string', 'createToken', { ...AS_TEXT, permissionId }, b58(46)),
  builder('#createToken precision is zero', 'createToken', { ...TOKEN_OPTIONS, precision: 0 }, b58(47)),
  builder(
    '#createToken precision is zero',
    'createToken',
    { ...TOKEN_OPTIONS, precision: 0, permissionId },
    b58(47),
  ),
  builder('#createToken without freezing anything', 'createToken', UNFROZEN),
  builder('#createToken without freezing anything', 'createToken', { ...UNFROZEN, permissionId }),
  builder('#createToken empty description', 'createToken', { ...TOKEN_OPTIONS, description: '' }),
  builder('#createAsset', 'createAsset', TOKEN_OPTIONS, b58(2)),
  builder('#createAccount', 'createAccount', b58(253), b58(3), active),
  builder('#createAccount', 'createAccount', b58(253), b58(3)),
  builder('#createAccount', 'createAccount', b58(253), b58(3), late),
  builder('#updateAccount', 'updateAccount', 'New name', b58(3), active),
  builder('#updateAccount', 'updateAccount', 'New name', b58(3)),
  builder('#updateAccount', 'updateAccount', 'New name', b58(3), late),
  builder('#updateAccount and broadcast', 'updateAccount', 'New name20.4317', b58(3)),
  builder('#setAccountId', 'setAccountId', toHex('abcabc110'), b58(4), active),
  builder('#setAccountId', 'setAccountId', toHex('testtest'), b58(4)),
  builder('#setAccountId', 'setAccountId', toHex('abcabc110'), b58(4), late),
  builder('#setAccountId and broadcast', 'setAccountId', toHex('testtest0.48219'), b58(4)),
  builder('#updateToken', 'updateToken', UPDATED, b58(2)),
  builder('#updateToken', 'updateToken', { ...UPDATED, permissionId }, b58(2)),
  builder('#updateToken', 'updateToken', { ...UPDATED, ...late }, b58(2)),
  builder('#updateToken empty description', 'updateToken', { ...UPDATED, description: '' }, hex(2)),
  builder('#updateAsset', 'updateAsset', UPDATED, b58(2)),
  builder('#purchaseToken', 'purchaseToken', b58(5), TOKEN, 20, b58(2), active),
  builder('#purchaseToken', 'purchaseToken', b58(5), TOKEN, 20, b58(2)),
  builder('#purchaseToken', 'purchaseToken', b58(5), TOKEN, 20, b58(2), late),
  builder('#purchaseToken and broadcast', 'purchaseToken', b58(5), TOKEN, 10, b58(2)),
  builder('#purchaseToken not the right issuer', 'purchaseToken', b58(4), TOKEN, 20, b58(2)),
  builder('#purchaseToken invalid token', 'purchaseToken', b58(5), '123432', 20, b58(2)),
  builder('#purchaseToken token that does not exist', 'purchaseToken', b58(5), '1110000', 20, b58(2)),
  builder('#sendToken setting up', 'purchaseToken', b58(6), TOKEN, 50, b58(7)),
  builder('#sendToken from accounts[7]', 'sendToken', b58(1), 5, TOKEN, b58(7), active),
  builder('#sendToken from accounts[7]', 'sendToken', b58(1), 5, TOKEN, b58(7)),
  builder('#sendToken from accounts[7]', 'sendToken', b58(1), 5, TOKEN, b58(7), late),
  builder('#sendToken from accounts[6]', 'sendToken', b58(1), 5, TOKEN, b58(6), active),
  builder('#sendToken from accounts[6]', 'sendToken', b58(1), 5, TOKEN, b58(6)),
  builder('#sendToken invalid token', 'sendToken', b58(1), 5, '143234', b58(7)),
  builder('#createProposal a single object', 'createProposal', { key: 0, value: 100_000 }, DEFAULT, active),
  builder('#createProposal a single object', 'createProposal', { key: 0, value: 100_000 }, DEFAULT),
  builder('#createProposal a single object', 'createProposal', { key: 0, value: 100_000 }, DEFAULT, late),
  builder(
    '#createProposal an array',
    'createProposal',
    [
      { key: 0, value: 100_000 },
      { key: 1, value: 2 },
    ],
    DEFAULT,
    active,
  ),
  builder(
    '#createProposal an array',
    'createProposal',
    [
      { key: 0, value: 100_000 },
      { key: 1, value: 2 },
    ],
    DEFAULT,
  ),
  builder(
    '#createProposal not an SR',
    'createProposal',
    [
      { key: 0, value: 100_000 },
      { key: 1, value: 2 },
    ],
    b58(0),
  ),
  builder('#deleteProposal', 'deleteProposal', 7, addressToHex(DEFAULT), active),
  builder('#deleteProposal', 'deleteProposal', 7),
  builder('#deleteProposal', 'deleteProposal', 7, addressToHex(DEFAULT), late),
  builder('#applyForSR', 'applyForSR', b58(20), 'https://xtron.network'),
  builder('#applyForSR', 'applyForSR', b58(20), 'https://xtron.network', late),
  builder('#freezeBalance', 'freezeBalance', 100e6, 3, 'BANDWIDTH', b58(1), undefined, active),
  builder('#freezeBalance', 'freezeBalance', 100e6, 3, 'BANDWIDTH', b58(1)),
  builder('#freezeBalance', 'freezeBalance', 100e6, 3, 'BANDWIDTH', b58(1), undefined, late),
  builder('#unfreezeBalance', 'unfreezeBalance', 'BANDWIDTH', b58(1), undefined, active),
  builder('#unfreezeBalance', 'unfreezeBalance', 'BANDWIDTH', b58(1)),
  builder('#unfreezeBalance', 'unfreezeBalance', 'BANDWIDTH', b58(1), undefined, late),
  builder('#withdrawBalance', 'withdrawBlockRewards', b58(1), active),
  builder('#withdrawBalance', 'withdrawBlockRewards', b58(1)),
  builder('#withdrawBalance', 'withdrawBlockRewards', b58(1), late),
  builder('#freezeBalanceV2', 'freezeBalanceV2', 500e6, 'BANDWIDTH', b58(1), active),
  builder('#freezeBalanceV2', 'freezeBalanceV2', 500e6, 'BANDWIDTH', b58(1)),
  builder('#freezeBalanceV2', 'freezeBalanceV2', 500e6, 'BANDWIDTH', b58(1), late),
  builder('#freezeBalanceV2 energy', 'freezeBalanceV2', 500e6, 'ENERGY', b58(1), active),
  builder('#freezeBalanceV2 energy', 'freezeBalanceV2', 500e6, 'ENERGY', b58(1)),
  builder('#unfreezeBalanceV2', 'unfreezeBalanceV2', 100e6, 'BANDWIDTH', b58(1), active),
  builder('#unfreezeBalanceV2', 'unfreezeBalanceV2', 100e6, 'BANDWIDTH', b58(1)),
  builder('#unfreezeBalanceV2', 'unfreezeBalanceV2', 100e6, 'BANDWIDTH', b58(1), late),
  builder('#unfreezeBalanceV2 energy', 'unfreezeBalanceV2', 100e6, 'ENERGY', b58(1), active),
  builder('#unfreezeBalanceV2 energy', 'unfreezeBalanceV2', 100e6, 'ENERGY', b58(1)),
  builder('#cancelUnfreezeBalance setting up', 'freezeBalanceV2', 100e6, 'BANDWIDTH', hex(1)),
  builder('#cancelUnfreezeBalance setting up', 'unfreezeBalanceV2', 10e6, 'BANDWIDTH', hex(1)),
  builder('#cancelUnfreezeBalance setting up', 'freezeBalanceV2', 100e6, 'ENERGY', hex(2)),
  builder('#cancelUnfreezeBalance setting up', 'unfreezeBalanceV2', 10e6, 'ENERGY', hex(2)),
  builder('#cancelUnfreezeBalance', 'cancelUnfreezeBalanceV2', b58(1), active),
  builder('#cancelUnfreezeBalance', 'cancelUnfreezeBalanceV2', b58(2)),
  builder('#cancelUnfreezeBalance', 'cancelUnfreezeBalanceV2', b58(1), late),
  builder('#delegateResource setting up', 'freezeBalanceV2', 500e6, 'BANDWIDTH'),
  builder('#delegateResource setting up', 'freezeBalanceV2', 500e6, 'ENERGY'),
  builder('#delegateResource', 'delegateResource', 100e6, b58(7), 'BANDWIDTH', b58(1), false, 0, active),
  builder('#delegateResource', 'delegateResource', 100e6, b58(7), 'BANDWIDTH', b58(1)),
  builder('#delegateResource', 'delegateResource', 100e6, b58(7), 'BANDWIDTH', b58(1), false, 0, late),
  builder('#delegateResource lock', 'delegateResource', 100e6, b58(7), 'BANDWIDTH', b58(1), true, 10, active),
  builder('#delegateResource lock', 'delegateResource', 100e6, b58(7), 'BANDWIDTH', b58(1), true, 10),
  builder('#delegateResource lock', 'delegateResource', 100e6, b58(7), 'BANDWIDTH', b58(1), true, 0, active),
  builder('#delegateResource lock', 'delegateResource', 100e6, b58(7), 'BANDWIDTH', b58(1), true),
  builder('#delegateResource no from', 'delegateResource', 100e6, b58(7), 'BANDWIDTH'),
  builder('#delegateResource no resource', 'delegateResource', 100e6, b58(7)),
  builder('#delegateResource energy', 'delegateResource', 100e6, b58(7), 'ENERGY', b58(1), false, 0, active),
  builder('#delegateResource energy', 'delegateResource', 100e6, b58(7), 'ENERGY', b58(1)),
  builder('#delegateResource energy', 'delegateResource', 100e6, b58(7), 'ENERGY', b58(1), true, 0, active),
  builder('#delegateResource energy', 'delegateResource', 100e6, b58(7), 'ENERGY', b58(1), true),
  builder('#delegateResource energy, no from', 'delegateResource', 100e6, b58(7), 'ENERGY'),
  builder('#undelegateResource', 'undelegateResource', 100e6, b58(7), 'BANDWIDTH', b58(1), active),
  builder('#undelegateResource', 'undelegateResource', 100e6, b58(7), 'BANDWIDTH', b58(1)),
  builder('#undelegateResource', 'undelegateResource', 100e6, b58(7), 'BANDWIDTH', b58(1), late),
  builder('#undelegateResource no from', 'undelegateResource', 100e6, b58(7), 'BANDWIDTH'),
  builder('#undelegateResource no resource', 'undelegateResource', 100e6, b58(7)),
  builder('#undelegateResource energy', 'undelegateResource', 100e6, b58(7), 'ENERGY', b58(1), active),
  builder('#undelegateResource energy', 'undelegateResource', 100e6, b58(7), 'ENERGY', b58(1)),
  builder('#undelegateResource energy, no from', 'undelegateResource', 100e6, b58(7), 'ENERGY'),
  builder('#withdrawExpireUnfreeze', 'withdrawExpireUnfreeze', b58(1), active),
  builder('#withdrawExpireUnfreeze', 'withdrawExpireUnfreeze', b58(1)),
  builder('#withdrawExpireUnfreeze', 'withdrawExpireUnfreeze', b58(1), late),
  builder('#vote setting up', 'applyForSR', b58(0), 'https://xtron.network'),
  builder('#vote', 'vote', { [hex(0)]: 5 }, b58(1)),
  builder('#vote', 'vote', { [hex(0)]: 5 }, b58(1), late),
  builder('#createSmartContract', 'createSmartContract', { ...REVERT, feeLimit: 8e7 }),
  builder('#createSmartContract', 'createSmartContract', { ...REVERT, feeLimit: 8e7, permissionId }),
  builder('#createSmartContract', 'createSmartContract', { ...REVERT, feeLimit: 8e7, ...late }),
  builder(
    '#createSmartContract array parameters',
    'createSmartContract',
    {
      ...ARRAY,
      permissionId,
      parameters: [
        [hex(25), hex(26), hex(27), hex(28)],
        [1_000, 2_000, 3_000, 4_000],
      ],
    },
    hex(10),
  ),
  builder('#createSmartContract verify the parameters', 'createSmartContract', {
    ...REVERT,
    userFeePercentage: 30,
    originEnergyLimit: 9e6,
    feeLimit: 9e8,
  }),
  builder('#createSmartContract verify the parameters', 'createSmartContract', {
    ...REVERT,
    userFeePercentage: 30,
    originEnergyLimit: 9e6,
    feeLimit: 9e8,
    permissionId,
  }),
  builder('#createSmartContract payable', 'createSmartContract', { ...PAYABLE, callValue: 0 }),
  builder('#triggerConstantContract setting up', 'createSmartContract', CONSTANT, hex(6)),
  builder(
    '#triggerConstantContract with triggerSmartContract',
    'triggerSmartContract',
    CONTRACT,
    'testPure(uint256,uint256)',
    local,
    two,
    hex(6),
  ),
  builder(
    '#triggerConstantContract with triggerSmartContract',
    'triggerSmartContract',
    CONTRACT,
    'testPure(uint256,uint256)',
    { ...local, permissionId },
    two,
    hex(6),
  ),
  builder('#clearabi setting up', 'createSmartContract', CONSTANT, hex(17)),
  builder('#clearabi', 'clearABI', CONTRACT, hex(17), active),
  builder('#clearabi', 'clearABI', CONTRACT, hex(17), late),
  builder('#clearabi', 'clearABI', CONTRACT, hex(17)),
  builder('#updateBrokerage setting up', 'sendTrx', b58(1), 10_000e6),
  builder('#updateBrokerage setting up', 'applyForSR', b58(1), 'abc.tron.network'),
  builder('#updateBrokerage', 'updateBrokerage', 10, hex(1), active),
  builder('#updateBrokerage', 'updateBrokerage', 20, hex(1)),
  builder('#updateBrokerage', 'updateBrokerage', 10, hex(1), late),
  builder('#triggerSmartContract setting up', 'createSmartContract', PAYABLE, hex(6)),
  builder('#triggerSmartContract', 'triggerSmartContract', CONTRACT, 'store(uint256)', local, one, hex(6)),
  builder(
    '#triggerSmartContract',
    'triggerSmartContract',
    CONTRACT,
    'store(uint256)',
    { ...local, permissionId },
    one,
    hex(6),
  ),
  builder(
    '#triggerSmartContract more than twice in a block',
    'triggerSmartContract',
    CONTRACT,
    'store(uint256)',
    { ...local, ...late },
    one,
    hex(6),
  ),
  builder('#createTokenExchange setting up', 'sendToken', hex(5), 10e4, TOKEN, hex(12)),
  builder('#createTokenExchange', 'createTokenExchange', TOKEN, 10e3, OTHER_TOKEN, 10e3, hex(5), active),
  builder('#createTokenExchange', 'createTokenExchange', TOKEN, 10e3, OTHER_TOKEN, 10e3, hex(5)),
  builder('#createTokenExchange', 'createTokenExchange', TOKEN, 10e3, OTHER_TOKEN, 10e3, hex(5), late),
  builder('#injectExchangeTokens setting up', 'createTokenExchange', OTHER_TOKEN, 10, TOKEN, 10),
  builder('#injectExchangeTokens', 'injectExchangeTokens', 3, TOKEN, 10, addressToHex(DEFAULT), active),
  builder('#injectExchangeTokens', 'injectExchangeTokens', 3, TOKEN, 10),
  builder('#injectExchangeTokens', 'injectExchangeTokens', 3, TOKEN, 10, addressToHex(DEFAULT), late),
  builder('#withdrawExchangeTokens', 'withdrawExchangeTokens', 3, TOKEN, 10, addressToHex(DEFAULT), active),
  builder('#withdrawExchangeTokens', 'withdrawExchangeTokens', 3, TOKEN, 10),
  builder('#withdrawExchangeTokens', 'withdrawExchangeTokens', 3, TOKEN, 10, addressToHex(DEFAULT), late),
  builder('#tradeExchangeTokens', 'tradeExchangeTokens', 3, TOKEN, 10, 5, addressToHex(DEFAULT), active),
  builder('#tradeExchangeTokens', 'tradeExchangeTokens', 3, TOKEN, 10, 5),
  builder('#tradeExchangeTokens', 'tradeExchangeTokens', 3, TOKEN, 10, 5, addressToHex(DEFAULT), late),
  builder('#updateSetting', 'updateSetting', CONTRACT, 10, b58(3), active),
  builder('#updateSetting', 'updateSetting', CONTRACT, 20, b58(3)),
  builder('#updateSetting', 'updateSetting', CONTRACT, 10, b58(3), late),
  builder('#updateEnergyLimit', 'updateEnergyLimit', CONTRACT, 10e6, b58(3), active),
  builder('#updateEnergyLimit', 'updateEnergyLimit', CONTRACT, 10e6, b58(3)),
  builder('#updateEnergyLimit', 'updateEnergyLimit', CONTRACT, 10e6, b58(3), late),
  builder('#accountPermissionUpdate setting up', 'applyForSR', b58(6), 'url.tron.network'),
  ...[{ options: active }, { options: undefined }, { options: late }].map(({ options }) =>
    builder(
      '#accountPermissionUpdate',
      'updateAccountPermissions',
      hex(6),
      owner(keys(hex, [6])),
      witness(keys(hex, [6])),
      [actives(keys(hex, [6]))],
      options,
    ),
  ),
  builder(
    '#accountPermissionUpdate base58',
    'updateAccountPermissions',
    hex(6),
    owner(keys(b58, [6])),
    witness(keys(b58, [6])),
    [actives(keys(b58, [6]))],
  ),
  builder(
    '#accountPermissionUpdate one active permission',
    'updateAccountPermissions',
    hex(6),
    owner(keys(hex, [6, 7])),
    witness(keys(hex, [6])),
    actives(keys(hex, [6])),
  ),
  builder('#accountPermissionUpdate one active permission', 'sendTrx', hex(7), 1e6, hex(6)),
  builder(
    '#accountPermissionUpdate weight above threshold',
    'updateAccountPermissions',
    hex(6),
    owner(keys(hex, [6, 7], 5), 3),
    null,
    [actives(keys(hex, [6], 2))],
  ),
  builder('#newTxID', 'sendTrx', b58(42), 10, hex(43)),
  builder(
    '#triggerSmartContractWithRawParam setting up',
    'createSmartContract',
    { ...RAW_PARAM, rawParameter: word('1') },
    hex(40),
  ),
  builder(
    '#triggerSmartContractWithRawParam',
    'triggerSmartContract',
    CONTRACT,
    'setCheck(uint256)',
    { ...local, rawParameter: word('2') },
    [],
    hex(40),
  ),
  builder(
    '#triggerSmartContractWithRawParam locally',
    'triggerSmartContract',
    CONTRACT,
    'setCheck(uint256)',
    { ...local, rawParameter: word('3') },
    [],
    hex(40),
  ),
  builder(
    '#triggerSmartContractWithFuncABIV2 (V1 input)',
    'createSmartContract',
    { abi: ABI_V2, bytecode: CODE, funcABIV2: ABI_V2[0], parametersV2: [1] },
    hex(40),
  ),
  ...[16, 15].map((value) =>
    builder(
      '#triggerSmartContractWithFuncABIV2 (V1 input)',
      'triggerSmartContract',
      CONTRACT,
      'setCheck(uint256)',
      { ...local, funcABIV2: ABI_V2[2], parametersV2: [value] },
      [],
      hex(40),
    ),
  ),
  builder('#triggerSmartContractWithFuncABIV2 (V2 input)', 'createSmartContract', STRUCT_IN_TEXT, hex(40)),
  builder(
    '#triggerSmartContractWithFuncABIV2 (V2 input test send)',
    'createSmartContract',
    structs('address'),
    hex(40),
  ),
  builder(
    '#triggerSmartContractWithFuncABIV2 (V2 input trcToken)',
    'createSmartContract',
    structs('trcToken'),
    hex(40),
  ),
  builder('#estimateEnergy setting up', 'createSmartContract', SET_VAL, hex(5)),
  builder('#contractJsonToProtobuf', 'sendTrx', b58(0), 1),

  deserialize(
    'DTriggerSmartContract',
    'triggerSmartContract',
    NILE_USDT,
    'transfer(address,uint256)',
    { ...local, tokenId: '1000008', tokenValue: 100, feeLimit: 100e6 },
    [
      { type: 'address', value: b58(2) },
      { type: 'uint256', value: 100_000_000 },
    ],
    b58(1),
  ),
  deserialize('DFreezeBalanceV2Contract', 'freezeBalanceV2', 1e6, 'ENERGY', b58(1)),
  deserialize('DUnfreezeBalanceV2Contract', 'unfreezeBalanceV2', 1e6, 'ENERGY', b58(1)),
  deserialize('DCancelAllUnfreezeV2Contract', 'cancelUnfreezeBalanceV2', b58(3)),
  deserialize('DDelegateResourceContract', 'delegateResource', 1e6, b58(1), 'ENERGY', b58(2), true, 3),
  deserialize('DUnDelegateResourceContract', 'undelegateResource', 1e6, b58(1), 'ENERGY', b58(2)),
  deserialize('DWithdrawExpireUnfreezeContract', 'withdrawExpireUnfreeze', b58(3)),
  deserialize('DTransferContract', 'sendTrx', b58(2), 1e6, b58(1)),
  deserialize('DWithdrawBalanceContract', 'withdrawBlockRewards', b58(3)),
  deserialize('DWitnessCreateContract', 'applyForSR', b58(1), 'https://example.com'),
  deserialize('DTransferAssetContract', 'sendToken', b58(2), 1_000, TOKEN, b58(1)),
  deserialize('DParticipateAssetIssueContract', 'purchaseToken', b58(2), TOKEN, 5_000, b58(1)),
  deserialize(
    'DAssetIssueContract',
    'createToken',
    {
      name: 'TestToken',
      abbreviation: 'TTK',
      description: 'This is a test token',
      url: 'https://example.com',
      totalSupply: 1e9,
      trxRatio: 1_000,
      tokenRatio: 10,
      saleStart: 4_100_000_000_000,
      saleEnd: 4_102_592_000_000,
      freeBandwidth: 1e9,
      freeBandwidthLimit: 1,
      frozenAmount: 1e8,
      frozenDuration: 3,
      voteScore: 10,
      precision: 6,
    },
    b58(1),
  ),
  deserialize(
    'DUpdateAssetContract',
    'updateToken',
    {
      description: 'Updated description',
      url: 'https://updated-example.com',
      freeBandwidth: 2_000_000,
      freeBandwidthLimit: 20_000,
    },
    b58(1),
  ),
  deserialize('DAccountCreateContract', 'createAccount', b58(2), b58(1)),
  deserialize('DAccountUpdateContract', 'updateAccount', 'MyTestAccount', b58(1)),
  deserialize('DSetAccountIdContract', 'setAccountId', toHex('testacct01').slice(2), b58(1)),
  deserialize(
    'DAccountPermissionUpdateContract',
    'updateAccountPermissions',
    b58(1),
    owner(keys(b58, [1])),
    null,
    actives(keys(b58, [1])),
  ),
  deserialize('DFreezeBalanceContract', 'freezeBalance', 1e6, 3, 'ENERGY', b58(1), b58(2)),
  deserialize('DUnfreezeBalanceContract', 'unfreezeBalance', 'ENERGY', b58(1), b58(2)),
  deserialize('DVoteWitnessContract', 'vote', { [DEFAULT]: 5 }, b58(1)),
  deserialize('DProposalCreateContract', 'createProposal', [{ key: 2, value: 100_000 }], DEFAULT),
  deserialize('DProposalApproveContract', 'createProposal', [{ key: 0, value: 100_000 }], DEFAULT),
  deserialize('DProposalApproveContract', 'voteProposal', 1, true, DEFAULT),
  deserialize('DProposalDeleteContract', 'deleteProposal', 1, DEFAULT),
  deserialize('DUpdateSettingContract', 'updateSetting', CONTRACT, 50, DEFAULT),
  deserialize('DUpdateEnergyLimitContract', 'updateEnergyLimit', CONTRACT, 5_000_000, DEFAULT),
  deserialize('DClearABIContract', 'clearABI', CONTRACT, DEFAULT),
  deserialize('DExchangeCreateContract', 'createTRXExchange', 'tokenABC', 1_000, 2_000, DEFAULT),
  deserialize('DExchangeInjectContract setting up', 'createTRXExchange', 'tokenXYZ', 5_000, 5_000, DEFAULT),
  deserialize('DExchangeInjectContract', 'injectExchangeTokens', 1, 'tokenXYZ', 100, DEFAULT),
  deserialize('DExchangeWithdrawContract', 'withdrawExchangeTokens', 1, 'tokenXYZ', 50, DEFAULT),
  deserialize('DExchangeTransactionContract', 'tradeExchangeTokens', 1, 'tokenXYZ', 10, 5, DEFAULT),
  deserialize('DUpdateBrokerageContract', 'updateBrokerage', 20, b58(1)),

  trx('#getConfirmedAccountById', 'setAccountId', toHex('accountid1'), hex(2)),
  trx('#getDelegatedResourceV2', 'delegateResource', 10e6, hex(12), 'BANDWIDTH', hex(11)),
  trx('#getDelegatedResourceAccountIndexV2', 'delegateResource', 10e6, hex(11), 'BANDWIDTH', hex(255)),
  trx('#getCanDelegatedMaxSize', 'freezeBalanceV2', 10e6, 'ENERGY', hex(11)),
  trx('#getCanWithdrawUnfreezeAmount', 'unfreezeBalanceV2', 10e6, 'ENERGY', hex(255)),
  trx('#getUnconfirmedAccount', 'sendTrx', hex(254), 10e5, hex(13)),
  trx('#sign', 'freezeBalance', 10e5, 3, 'BANDWIDTH', b58(14)),
  trx('#ecRecover', 'sendTrx', b58(13), 10, b58(14)),
  trx(
    '#multiSignTransaction setting up',
    'updateAccountPermissions',
    hex(15),
    owner(keys(hex, [15, 16, 17]), 3),
    undefined,
    [
      {
        type: 2,
        permission_name: 'active0',
        threshold: 3,
        operations: '7fff1fc0033ec107000000000000000000000000000000000000000000000000',
        keys: keys(hex, [15, 16, 17]),
      },
    ],
  ),
  trx('#multiSignTransaction owner', 'freezeBalanceV2', 10e5, 'BANDWIDTH', b58(15)),
  trx('#multiSignTransaction owner', 'freezeBalanceV2', 10e5, 'BANDWIDTH', b58(15), { permissionId: 0 }),
  trx('#multiSignTransaction active', 'freezeBalanceV2', 10e5, 'BANDWIDTH', b58(15), active),
  trx('#multiSignTransaction no permission', 'freezeBalance', 10e5, 3, 'BANDWIDTH', b58(15)),
  trx('#broadcast', 'freezeBalanceV2', 10e5, 'BANDWIDTH', b58(20)),
  trx('#broadcastHex', 'sendTrx', b58(254), 1e6, b58(20)),
  trx('#getTransaction', 'freezeBalanceV2', 10e5, 'BANDWIDTH', hex(22)),
  trx('#getTransactionFromBlock', 'sendTrx', hex(24), 1),
  trx('#getTransactionsFromBlock', 'sendTrx', b58(254), 1, b58(25)),
  trx('#getTokensIssuedByAddress', 'createToken', TOKEN_OPTIONS, hex(30)),
  trx('#getExchangeByID', 'sendToken', hex(31), 10e4, TOKEN, hex(32)),
]
