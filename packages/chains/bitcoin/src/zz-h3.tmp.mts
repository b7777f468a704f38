import { encodePsbt, decodePsbt, toBase64, type Psbt } from './psbt.ts'
import { encodeTx, decodeTx, txidOf, type Tx } from './transaction.ts'
import { p2wpkhScript, p2pkhScript } from './script.ts'
import { makeSighash } from './sighash.ts'
import { bytesToHex, randomBytes } from '@noble/hashes/utils.js'
import { combinePsbts, finalizePsbt } from './psbt-merge.ts'
const prev = (): Tx => ({version:2,locktime:0,inputs:[{txid:bytesToHex(randomBytes(32)),vout:0,sequence:0,scriptSig:new Uint8Array(107),witness:[]}],outputs:[{amount:1000n,script:p2wpkhScript(randomBytes(20))},{amount:2000n,script:p2wpkhScript(randomBytes(20))}]})
const N=1500
const inputs=Array.from({length:N},()=>{const t=prev();const b=encodeTx(t);return {txid:txidOf(t),vout:0,sequence:0xfffffffd,previous:b,witnessUtxo:t.outputs[0]!,partialSignatures:[],derivations:[{publicKey:Uint8Array.of(2,...randomBytes(32)),fingerprint:'01020304',path:[0x80000054,0x80000000,0x80000000,0,5]}],tapDerivations:[],other:[]}})
console.log('prev bytes', inputs[0]!.previous.length)
const psbt:Psbt={version:0,txVersion:2,locktime:0,inputs,outputs:[{amount:5n,script:p2wpkhScript(randomBytes(20)),derivations:[],tapDerivations:[],other:[]}],xpubs:[],other:[]}
const med=(f:()=>unknown,n=15)=>{const a:number[]=[];for(let i=0;i<n;i++){const t=process.cpuUsage();f();const e=process.cpuUsage(t);a.push((e.user+e.system)/1000)}const first=a[0];a.sort((x,y)=>x-y);return `median ${a[n>>1]!.toFixed(2)} ms, min ${a[0]!.toFixed(2)}, first ${first!.toFixed(2)}`}
console.log('encodePsbt',med(()=>encodePsbt(psbt)))
const bytes=encodePsbt(psbt), text=toBase64(bytes)
console.log('size',bytes.length,'decodePsbt',med(()=>decodePsbt(bytes)))
console.log('decodePsbt base64',med(()=>decodePsbt(text)))
console.log('encode v2',med(()=>encodePsbt(psbt,{version:2})))
const tx:Tx={version:2,locktime:0,inputs:inputs.map(({txid,vout,sequence})=>({txid,vout,sequence,scriptSig:new Uint8Array(),witness:[randomBytes(72),randomBytes(33)]})),outputs:psbt.outputs}
console.log('encodeTx',med(()=>encodeTx(tx)))
const raw=encodeTx(tx)
console.log('decodeTx',med(()=>decodeTx(raw)), 'txid', med(()=>txidOf(tx)))
