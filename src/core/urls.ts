/** Of each URL in a text only what may be shown: user info and values of its query are masked, references to the environment stay. */
export function maskUrls(text: string, mask = '***'): string {
  return text.replace(isUrl.test(text) ? afterScheme : afterSchemes, (rest) => {
    const shown = rest.replace(/^(:\/\/)[^/?#]*@/, `$1${mask}@`)
    const start = shown.search(/[?#]/)
    if (start === -1) return shown
    const query = shown.slice(start).replace(parameter, (whole, name: string, value: string) => {
      return value === '' || isReference.test(value) ? whole : `${name}${mask}`
    })
    return shown.slice(0, start) + query
  })
}

/** What begins as a URL is taken for one as a whole: a value of the configuration may hold blanks and quotes. */
const isUrl = /^[a-z][a-z0-9+.-]*:\/\//i
const afterScheme = /:\/\/.+$/s
const afterSchemes = /:\/\/[^\s"<>]+/g

/** A separator with a name where there is one, and the value. */
const parameter = /([?#&;](?:[^=?#&;]*=)?)([^?#&;]*)/g
const isReference = /^(?:\$\{[A-Za-z_][A-Za-z0-9_]*\})+$/

/** An address as the place that is connected to and what is asked for there, query included. */
export function splitUrl(url: string): { readonly origin: string; readonly path: string } {
  const { origin, pathname, search } = new URL(url)
  return { origin, path: `${pathname}${search}` }
}
