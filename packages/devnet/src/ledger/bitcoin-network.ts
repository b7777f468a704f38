/** What is compiled into each of the two Bitcoin apps. A regtest address is shown with the prefix of the test app: `tb`. */
export interface DeviceNetwork {
  readonly app: string
  readonly ticker: string
  readonly coinType: number
  readonly xpub: number
  readonly pubKeyHash: number
  readonly scriptHash: number
  readonly bech32: string
}

export const deviceNetworks: Readonly<Record<'main' | 'test', DeviceNetwork>> = {
  main: {
    app: 'Bitcoin',
    ticker: 'BTC',
    coinType: 0,
    xpub: 0x0488b21e,
    pubKeyHash: 0x00,
    scriptHash: 0x05,
    bech32: 'bc',
  },
  test: {
    app: 'Bitcoin Test',
    ticker: 'TEST',
    coinType: 1,
    xpub: 0x043587cf,
    pubKeyHash: 0x6f,
    scriptHash: 0xc4,
    bech32: 'tb',
  },
}
