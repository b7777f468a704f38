// One fresh process that makes the first addresses of an account: node lib/fresh-addresses.mjs <who> <count>
import { account, makers } from './address-makers.mjs'

const [who, count] = process.argv.slice(2)
const start = performance.now()
const make = await makers[who]()
const loaded = performance.now()
const addresses = make(account, 'p2wpkh', 0, Number(count))
const made = performance.now()
process.stdout.write(
  JSON.stringify({ importing: loaded - start, making: made - loaded, last: addresses.at(-1) }),
  () => process.exit(0),
)
