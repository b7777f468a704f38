/** Accounts of people in examples of watching. */
export const ANN = '0x70997970C51812dc3A010C7d01b50e0d17dc79C8'
export const BEN = '0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC'
export const XPUB =
  '[d34db33f/84h/0h/0h]xpub6CatWdiZiodmUeTDp8LT5or8nmbKNcuyvz7WyksVFkKB4RHwCD3XyuvPEbvqAQY3rAPshWcMLoP2fMFMKHPJ4ZeZXYVUhLv1VMrjPC7PW6V'
