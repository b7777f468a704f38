export {
  type BalancesRow,
  createPortfolio,
  type Portfolio,
  type PortfolioItem,
  type PortfolioOptions,
  type Total,
  type WatchedAccount,
} from './portfolio.ts'
export { type WatchEntry, type WatchList, type WatchOptions, watchList } from './watch-list.ts'
