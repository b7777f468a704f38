export type { Verbatim } from './hostile/json.ts'
export { verbatim } from './hostile/json.ts'
export type {
  Answer,
  Ask,
  BreakWire,
  Call,
  HttpCall,
  Lie,
  Out,
  Played,
  RpcCall,
  Told,
} from './hostile/lie.ts'
export * as lies from './hostile/lies/all.ts'
export { type Liar, startHostile } from './hostile/start.ts'
