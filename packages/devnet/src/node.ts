/** What `startDevnet` hands to the starter of every chain. */
export interface NodeOptions {
  readonly blockTime?: number | undefined
  readonly signal?: AbortSignal | undefined
  onProgress(step: string): void
}

/** What a starter hands back: the node that the user sees, and the way to end it. */
export interface Started<Node> {
  readonly node: Node
  stop(): Promise<void>
}
