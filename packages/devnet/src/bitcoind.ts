import { randomBytes } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { type AddressInfo, createServer } from 'node:net'
import { join } from 'node:path'
import { isCofferError } from '@coffer/core'
import type { BitcoinBackend } from './bitcoin-backend.ts'
import { bitcoinControls } from './bitcoin-controls.ts'
import type { BitcoinNode, RpcAccess } from './bitcoin-node.ts'
import { bitcoindProgram } from './bitcoind-program.ts'
import { serveBlockbook } from './blockbook-server.ts'
import { serveElectrumTcp, serveElectrumWs } from './electrum-server.ts'
import { serveEsplora } from './esplora-server.ts'
import { createIndexer } from './indexer.ts'
import type { NodeOptions, Started } from './node.ts'
import { jsonRpc, type Rpc } from './rpc.ts'
import { type Supervised, supervise, throwIfAborted } from './supervise.ts'

const REGTEST = 'bip122:0f9188f13cb7b2c71f2a335e3a4fc328'

const ATTEMPTS = 5

/** Starts one bitcoind with a full faucet, and the servers over it. */
export async function startBitcoind(options: NodeOptions): Promise<Started<BitcoinNode>> {
  const { blockTime, signal, onProgress } = options
  const command = await bitcoindProgram({ signal, onProgress })
  onProgress('starting bitcoind')
  const { daemon, access } = await spawn(command, signal)
  const closers: (() => Promise<void> | void)[] = []
  const stop = async (): Promise<void> => {
    await Promise.all(closers.map((close) => close()))
    await daemon.stop()
  }
  try {
    const rpc = jsonRpc(access.url, access)
    const wallet = (name: string): Rpc => jsonRpc(`${access.url}/wallet/${encodeURIComponent(name)}`, access)
    onProgress('filling the faucet')
    const index = createIndexer(rpc)
    const controls = await bitcoinControls({ rpc, wallet, index, blockTime })
    closers.push(controls.close)
    throwIfAborted(signal)

    const backend: BitcoinBackend = { ...controls.backend, index }
    const servers = await Promise.all([
      serveEsplora(backend, 'blockstream'),
      serveEsplora(backend, 'mempool.space'),
      serveElectrumTcp(backend),
      serveElectrumWs(backend),
      serveBlockbook(backend),
    ])
    closers.push(...servers.map(({ close }) => close))
    throwIfAborted(signal)
    const [esplora, mempoolSpace, electrum, electrumWs, blockbook] = servers
    onProgress(`ready at ${access.url}`)
    return {
      node: {
        url: access.url,
        access,
        chain: REGTEST,
        esploraUrl: `http://${esplora.host}`,
        mempoolSpaceUrl: `http://${mempoolSpace.host}`,
        electrumUrl: `tcp://${electrum.host}`,
        electrumWsUrl: `ws://${electrumWs.host}`,
        blockbookUrl: `http://${blockbook.host}`,
        ...controls.node,
      },
      stop,
    }
  } catch (error) {
    await stop()
    throwIfAborted(signal)
    throw error
  }
}

async function spawn(
  command: string,
  signal: AbortSignal | undefined,
): Promise<{ daemon: Supervised; access: RpcAccess }> {
  for (let attempt = 1; ; attempt++) {
    const port = await freePort()
    const access = {
      url: `http://127.0.0.1:${port}`,
      username: 'coffer',
      password: randomBytes(24).toString('hex'),
    }
    try {
      const daemon = await supervise({
        name: 'bitcoind',
        command,
        // In a file and not in the arguments, which every user of the machine can read.
        prepare: (folder) =>
          writeFile(join(folder, 'bitcoin.conf'), configuration(port, access), { mode: 0o600 }),
        args: (folder) => ['-regtest', `-datadir=${folder}`, '-printtoconsole=1'],
        ready: /Done loading/,
        signal,
      })
      return { daemon, access }
    } catch (error) {
      // Somebody may take the port between our look and bitcoind's.
      const isTaken =
        isCofferError(error, 'DEVNET_FAILED') && /unable to (bind|start HTTP server)/i.test(error.message)
      if (!isTaken || attempt === ATTEMPTS) throw error
    }
  }
}

/** The rules of mainnet where regtest allows. A bitcoind that does not know one of these settings passes it over. */
function configuration(port: number, { username, password }: RpcAccess): string {
  const settings = {
    server: 1,
    rest: 1,
    rpcbind: '127.0.0.1',
    rpcallowip: '127.0.0.1',
    rpcport: port,
    rpcuser: username,
    rpcpassword: password,
    rpcworkqueue: 4096,
    listen: 0,
    dnsseed: 0,
    fixedseeds: 0,
    txindex: 1,
    blockfilterindex: 1,
    acceptnonstdtxn: 0,
    // Knots has rules of its own for what it relays, which most of the network has not.
    corepolicy: 1,
    datacarriersize: 83,
    minrelaytxfee: '0.00001',
    incrementalrelayfee: '0.00001',
    fallbackfee: '0.00001',
    keypool: 10,
    addresstype: 'bech32',
    changetype: 'bech32',
    // What only costs time here.
    nodebuglogfile: 1,
    unsafesqlitesync: 1,
    checkblockindex: 0,
    checkmempool: 0,
    dbcache: 32,
  }
  const lines = Object.entries(settings).map(([name, value]) => `${name}=${value}\n`)
  return `regtest=1\n[regtest]\n${lines.join('')}`
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', resolve)
  })
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}
