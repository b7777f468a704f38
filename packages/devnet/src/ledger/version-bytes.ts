/** Major, minor and patch of a version such as `1.23.0-dev`, a byte each. */
export const versionBytes = (version: string): number[] =>
  [0, 1, 2].map((part) => Number.parseInt(version.split('.')[part] ?? '0', 10) & 0xff)
