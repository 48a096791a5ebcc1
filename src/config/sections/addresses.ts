import { z } from 'zod'

/** Addresses are shown and logged, and what stands in one for a user is never sent. */
const withoutUser = /^[^:]*:\/\/[^/?#@]*(?:[/?#]|$)/

/** An address of the network. A query may be part of it; its values are masked wherever it is shown. */
export function address(protocol = /^https?$/) {
  return z
    .url({ protocol })
    .regex(withoutUser, 'an address without user and password; who signs in is told by settings beside it')
}

/** An address that paths are put behind. */
export function baseAddress() {
  return address().regex(/^[^?#]*$/, 'an address without a query; paths are put behind it')
}
