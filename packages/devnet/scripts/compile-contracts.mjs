// Compiles contracts/*.sol into src/artifacts.ts, and for Tron contracts/tron/*.sol and the lying token into
// src/tron/artifacts.ts, byte for byte the same on every machine.
//   node scripts/compile-contracts.mjs           writes them
//   node scripts/compile-contracts.mjs --check   fails when a committed file is not what the sources give
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'

const require = createRequire(import.meta.url)
const solc = require('solc')

const openzeppelin = require('@openzeppelin/contracts/package.json').version
const makers = `solc ${solc.version().split('.Emscripten')[0]}, @openzeppelin/contracts ${openzeppelin} (MIT License).`

write(
  'src/artifacts.ts',
  compile(filesOf('contracts/'), 'prague').map(({ name, abi, bytecode }) => [
    `export const ${name} = {`,
    '  abi: [',
    ...abi.map((item) => `    '${signature(item)}',`),
    '  ],',
    '  bytecode:',
    `    '0x${bytecode}',`,
    '} as const',
    '',
  ]),
  'contracts/*.sol',
)

// The virtual machine of Tron understands no opcode of Shanghai and later on chains that did not vote for it.
write(
  'src/tron/artifacts.ts',
  compile([...filesOf('contracts/tron/'), 'contracts/LyingToken.sol'], 'london').map(
    ({ name, abi, bytecode }) => [
      '/** The interface as JSON, the creation code as bare hex. */',
      `export const ${name[0].toLowerCase()}${name.slice(1)}: { readonly abi: string; readonly bytecode: string } = {`,
      `  abi: '${JSON.stringify(abi)}',`,
      '  bytecode:',
      `    '${bytecode}',`,
      '}',
      '',
    ],
  ),
  'contracts/tron/*.sol and contracts/LyingToken.sol',
)

function filesOf(folder) {
  return readdirSync(new URL(`../${folder}`, import.meta.url))
    .filter((file) => file.endsWith('.sol'))
    .sort()
    .map((file) => folder + file)
}

function compile(files, evmVersion) {
  const output = JSON.parse(
    solc.compile(
      JSON.stringify({
        language: 'Solidity',
        sources: Object.fromEntries(
          files.map((file) => {
            const content = readFileSync(new URL(`../${file}`, import.meta.url), 'utf8')
            return [file.split('/').at(-1), { content }]
          }),
        ),
        settings: {
          evmVersion,
          optimizer: { enabled: true, runs: 200 },
          // No metadata hash: it would change the bytes with every comment.
          metadata: { bytecodeHash: 'none', appendCBOR: false },
          outputSelection: { '*': { '*': ['abi', 'evm.bytecode.object'] } },
        },
      }),
      { import: (path) => ({ contents: readFileSync(require.resolve(path), 'utf8') }) },
    ),
  )
  for (const { formattedMessage } of output.errors ?? []) console.error(formattedMessage)
  if (output.errors?.length) process.exit(1)
  return files.map((file) => {
    const source = file.split('/').at(-1)
    const name = source.replace('.sol', '')
    const { abi, evm } = output.contracts[source][name]
    return { name, abi, bytecode: evm.bytecode.object }
  })
}

function write(file, contracts, sources) {
  const target = new URL(`../${file}`, import.meta.url)
  const text = [
    `// Made by scripts/compile-contracts.mjs from ${sources}; do not edit.`,
    `// ${makers}`,
    '',
    ...contracts.flat(),
  ].join('\n')
  if (!process.argv.includes('--check')) {
    writeFileSync(target, text)
  } else if (readFileSync(target, 'utf8') !== text) {
    console.error(`${file} is not what ${sources} compile to: run node scripts/compile-contracts.mjs`)
    process.exit(1)
  }
}

/** An ABI item as one line of Solidity, such as `function mint(address to, uint256 amount)`. */
function signature({ type, name, inputs = [], outputs = [], stateMutability }) {
  const head = name === undefined ? type : `${type} ${name}`
  const mutability = ['view', 'pure', 'payable'].includes(stateMutability) ? ` ${stateMutability}` : ''
  if (type === 'receive' || type === 'fallback') return `${head}() external${mutability}`
  const returns = outputs.length === 0 ? '' : ` returns (${outputs.map(parameter).join(', ')})`
  return `${head}(${inputs.map(parameter).join(', ')})${mutability}${returns}`
}

function parameter({ type, name, components, indexed }) {
  const full = components ? type.replace('tuple', `(${components.map(parameter).join(', ')})`) : type
  return [full, indexed ? 'indexed' : '', name].filter(Boolean).join(' ')
}
