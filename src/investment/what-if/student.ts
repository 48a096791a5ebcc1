/** The factor of a 95 % interval with so many degrees of freedom, from 2 on, by the expansion of Cornish and Fisher (1937). */
export function toStudent(freedom: number): number {
  const z = 1.96
  const first = (z ** 3 + z) / (4 * freedom)
  return z + first + (5 * z ** 5 + 16 * z ** 3 + 3 * z) / (96 * freedom ** 2)
}
