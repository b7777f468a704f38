/** What kind of output script an account has. */
export type ScriptType =
  | 'p2pkh'
  | 'p2sh-p2wpkh'
  | 'p2wpkh'
  | 'p2tr'
  | 'p2wsh-sortedmulti'
  | 'p2sh-p2wsh-sortedmulti'
  | 'address'
