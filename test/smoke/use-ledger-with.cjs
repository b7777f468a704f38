const WORDS = 'test test test test test test test test test test test junk'
const KIT = '@ledgerhq/device-management-kit'

/** Prints what became of each app over each of Ledger's libraries: `ok`, the package that is missing, or what went wrong. */
exports.use = async ({ bitcoin, devnet, dmk, evm, ledgerjs, signer, tron }) => {
  const chains = {
    bitcoin: ['m/84h/1h/0h', bitcoin.regtest()],
    ethereum: ['m/44h/60h/0h/0/0', evm.ethereum()],
    tron: ['m/44h/195h/0h/0/0', tron.tron()],
  }
  const libraries = {
    ledgerjs: [ledgerjs, ({ connect }) => connect()],
    dmk: [dmk, connectKit(devnet)],
  }
  const results = {}
  for (const [library, [apps, connect]] of Object.entries(libraries))
    for (const [app, [path, chain]] of Object.entries(chains)) {
      const device = devnet.ledgerDevice({
        mnemonic: WORDS,
        apps: [
          devnet.bitcoinDeviceApp({ network: 'test' }),
          devnet.ethereumDeviceApp(),
          devnet.tronDeviceApp(),
        ],
      })
      const made = signer.ledgerSigner({ transport: () => connect(device), apps: [apps[`${app}App`]()] })
      results[`${library} ${app}`] = await outcome(made, path, chain)
    }
  console.log(JSON.stringify(results))
  // The kit keeps a timer.
  process.exit(0)
}

async function outcome(signer, path, chain) {
  try {
    const account = chain.describe(await signer.publicKey(path))
    const signature = await signer.signMessage({ chain, account, message: 'hello' })
    return signature.length > 60 ? 'ok' : `the signature ${signature}`
  } catch (error) {
    const { package: name } = error.details ?? {}
    const isTold = error.code === 'MISSING_DEPENDENCY' && error.message.includes(`npm install ${name}`)
    return isTold ? name : String(error.stack)
  }
}

/** The kit where it is installed; else what stands for a session of it, so that the signer's own imports are reached. */
function connectKit({ dmkTransport }) {
  const load = (name) => {
    try {
      return require(name)
    } catch {
      return undefined
    }
  }
  const kit = load(KIT)
  const rxjs = load('rxjs')
  if (!kit || !rxjs)
    return async ({ connect }) => {
      let transport = await connect()
      const sendApdu = async ({ apdu }) => {
        const answer = await transport
          .exchange(Buffer.from(apdu))
          .catch(async () => (transport = await connect()).exchange(Buffer.from(apdu)))
        return { data: answer.subarray(0, -2), statusCode: answer.subarray(-2) }
      }
      return { sessionId: '1', dmk: { sendApdu, disconnect: async () => {} } }
    }
  return async (device) => {
    const dmk = new kit.DeviceManagementKitBuilder().addTransport(dmkTransport(device, rxjs.of)).build()
    const found = await rxjs.firstValueFrom(dmk.startDiscovering({}))
    return { dmk, sessionId: await dmk.connect({ device: found }) }
  }
}
