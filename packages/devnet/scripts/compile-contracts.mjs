// Compiles contracts/*.sol into src/artifacts.ts, byte for byte the same on every machine.
//   node scripts/compile-contracts.mjs           writes it
//   node scripts/compile-contracts.mjs --check   fails when the committed file is not what the sources give
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'

const require = createRequire(import.meta.url)
const solc = require('solc')

const folder = new URL('../contracts/', import.meta.url)
const target = new URL('../src/artifacts.ts', import.meta.url)
const openzeppelin = require('@openzeppelin/contracts/package.json').version
const files = readdirSync(folder)
  .filter((file) => file.endsWith('.sol'))
  .sort()

const output = JSON.parse(
  solc.compile(
    JSON.stringify({
      language: 'Solidity',
      sources: Object.fromEntries(
        files.map((file) => [file, { content: readFileSync(new URL(file, folder), 'utf8') }]),
      ),
      settings: {
        evmVersion: 'prague',
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

const text = [
  '// Made by scripts/compile-contracts.mjs from contracts/*.sol; do not edit.',
  `// solc ${solc.version().split('.Emscripten')[0]}, @openzeppelin/contracts ${openzeppelin} (MIT License).`,
  '',
  ...files.flatMap((file) => {
    const name = file.replace('.sol', '')
    const { abi, evm } = output.contracts[file][name]
    return [
      `export const ${name} = {`,
      '  abi: [',
      ...abi.map((item) => `    '${signature(item)}',`),
      '  ],',
      '  bytecode:',
      `    '0x${evm.bytecode.object}',`,
      '} as const',
      '',
    ]
  }),
].join('\n')

if (!process.argv.includes('--check')) {
  writeFileSync(target, text)
} else if (readFileSync(target, 'utf8') !== text) {
  console.error(
    'src/artifacts.ts is not what contracts/*.sol compile to: run node scripts/compile-contracts.mjs',
  )
  process.exit(1)
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
