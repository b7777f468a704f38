export {
  type DappQuestion,
  type Eip1193Options,
  type Eip1193Provider,
  toEip1193Provider,
} from './eip1193-provider.ts'
export { toViemAccount, type ViemAccountOptions } from './viem-account.ts'
