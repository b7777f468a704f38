/** 2,048 words. English comes along; the nine other official lists are `@coffer/signer-software/wordlists/<language>`. */
export type Wordlist = readonly string[]
