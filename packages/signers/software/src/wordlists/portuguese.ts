import { wordlist as words } from '@scure/bip39/wordlists/portuguese.js'
import type { Wordlist } from '../wordlist.ts'

/** The official Portuguese word list. @see https://github.com/bitcoin/bips/blob/master/bip-0039/bip-0039-wordlists.md */
export const wordlist: Wordlist = words
