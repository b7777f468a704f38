const WORDS = 'test test test test test test test test test test test junk'

/** Prints what became of each library and app: `ok`, the package that is missing, or what went wrong. */
exports.use = async ({ bitcoin, devnet, dmk, evm, ledgerjs, signer, tron }) => {
  const apps = {
    bitcoin: ['m/84h/1h/0h', bitcoin.regtest()],
    ethereum: ['m/44h/60h/0h/0/0', evm.ethereum()],
    tron: ['m/44h/195h/0h/0/0', tron.tron()],
  }
  const make = {
    ledgerjs: (device, app) =>
      signer.ledgerSigner({ transport: device.connect, apps: [ledgerjs[`${app}App`]()] }),
    dmk: (device, app) =>
      signer.ledgerSigner({ transport: () => dmk.connectDmk(devnet.dmkTransport(device)), apps: [dmk[`${app}App`]()] }),
  }
  const results = {}
  for (const library of process.argv.slice(2))
    for (const [app, [path, chain]] of Object.entries(apps)) {
      const device = devnet.ledgerDevice({
        mnemonic: WORDS,
        apps: [devnet.bitcoinDeviceApp({ network: 'test' }), devnet.ethereumDeviceApp(), devnet.tronDeviceApp()],
      })
      let result
      try {
        const made = make[library](device, app)
        const account = chain.describe(await made.publicKey(path))
        const signature = await made.signMessage({ chain, account, message: 'hello' })
        result = signature.length > 60 ? 'ok' : signature
        await made.close()
        made.dispose()
      } catch (error) {
        result = error.code === 'MISSING_DEPENDENCY' && error.message.includes(`npm install ${error.details.package}`) ? error.details.package : String(error.stack)
      }
      results[`${library} ${app}`] = result
    }
  console.log(JSON.stringify(results))
  process.exit(0)
}
