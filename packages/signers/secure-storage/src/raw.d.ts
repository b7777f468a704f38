/** The text of a file; the build puts it in place. */
declare module '*?raw' {
  const text: string
  export default text
}
