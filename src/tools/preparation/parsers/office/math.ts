import { childrenOf, findPath, isElement, textOf, type Element } from '../../reading/index.ts'
import { functionNames, narySymbols, toSymbols } from './symbols.ts'

/** An equation of an Office document (OMML) as LaTeX, without what stands around it. */
export function toLatex(element: Element): string {
  return inner(element).replace(/ {2,}/g, ' ').trim()
}

type Translate = (element: Element) => string

const translations: Readonly<Record<string, Translate>> = {
  'm:r': translateRun,
  'm:f': translateFraction,
  'm:sSup': (element) => `${base(element)}^{${part(element, 'm:sup')}}`,
  'm:sSub': (element) => `${base(element)}_{${part(element, 'm:sub')}}`,
  'm:sSubSup': (element) => `${base(element)}_{${part(element, 'm:sub')}}^{${part(element, 'm:sup')}}`,
  'm:sPre': (element) => `{}_{${part(element, 'm:sub')}}^{${part(element, 'm:sup')}}${base(element)}`,
  'm:rad': translateRoot,
  'm:nary': translateNary,
  'm:d': translateDelimiters,
  'm:func': translateFunction,
  'm:limLow': (element) => `${limitBase(element)}_{${part(element, 'm:lim')}}`,
  'm:limUpp': (element) => `\\overset{${part(element, 'm:lim')}}{${base(element)}}`,
  'm:acc': translateAccent,
  'm:bar': (element) =>
    `${value(element, 'm:barPr', 'm:pos') === 'top' ? '\\overline' : '\\underline'}{${base(element)}}`,
  'm:groupChr': translateGroup,
  'm:m': translateMatrix,
  'm:eqArr': (element) => `\\begin{array}{c}${rows(childrenOf(element, 'm:e').map(inner))}\\end{array}`,
}

/** Everything below an element in turn; what has no translation of its own is looked through. */
function inner(element: Element | undefined): string {
  const pieces: string[] = []
  for (const child of element?.children ?? []) {
    if (!isElement(child) || child.name.endsWith('Pr')) continue
    pieces.push((translations[child.name] ?? inner)(child))
  }
  return pieces.join('')
}

function part(element: Element, name: string): string {
  return inner(findPath(element, name))
}

function base(element: Element): string {
  return part(element, 'm:e')
}

function value(element: Element, ...path: readonly string[]): string | undefined {
  return findPath(element, ...path)?.attributes['m:val']
}

function translateRun(element: Element): string {
  const text = childrenOf(element)
    .filter((child) => child.name === 'm:t' || child.name === 'w:t')
    .map(textOf)
    .join('')
  const isText = findPath(element, 'm:rPr', 'm:nor') !== undefined
  return isText && /[\p{L}]{2,}/u.test(text) ? `\\text{${text}}` : toSymbols(text)
}

function translateFraction(element: Element): string {
  const [above, below] = [part(element, 'm:num'), part(element, 'm:den')]
  const type = value(element, 'm:fPr', 'm:type')
  if (type === 'noBar') return `\\genfrac{}{}{0pt}{}{${above}}{${below}}`
  return type === 'lin' ? `{${above}}/{${below}}` : `\\frac{${above}}{${below}}`
}

function translateRoot(element: Element): string {
  const degree = part(element, 'm:deg')
  return degree === '' ? `\\sqrt{${base(element)}}` : `\\sqrt[${degree}]{${base(element)}}`
}

function translateNary(element: Element): string {
  const symbol = value(element, 'm:naryPr', 'm:chr') ?? '∫'
  const [below, above] = [part(element, 'm:sub'), part(element, 'm:sup')]
  return `${narySymbols[symbol] ?? toSymbols(symbol).trim()}_{${below}}^{${above}}${base(element)}`
}

function translateDelimiters(element: Element): string {
  const open = value(element, 'm:dPr', 'm:begChr') ?? '('
  const close = value(element, 'm:dPr', 'm:endChr') ?? ')'
  const separator = value(element, 'm:dPr', 'm:sepChr') ?? '|'
  const inside = childrenOf(element, 'm:e').map(inner).join(separator)
  return `\\left${delimiter(open)}${inside}\\right${delimiter(close)}`
}

function delimiter(character: string): string {
  if (character === '') return '.'
  const named: Readonly<Record<string, string>> = {
    '⟨': '\\langle ',
    '⟩': '\\rangle ',
    '‖': '\\|',
    '⌊': '\\lfloor ',
    '⌋': '\\rfloor ',
    '⌈': '\\lceil ',
    '⌉': '\\rceil ',
  }
  return named[character] ?? ('{}'.includes(character) ? `\\${character}` : character)
}

function translateFunction(element: Element): string {
  const name = part(element, 'm:fName').trim()
  const argument = base(element)
  const isKnown = functionNames.has(name)
  if (isKnown) return `\\${name}(${argument})`
  return /^[a-z]{2,}$/i.test(name) ? `\\operatorname{${name}}(${argument})` : `${name}${argument}`
}

function limitBase(element: Element): string {
  const name = base(element).trim()
  if (functionNames.has(name)) return `\\${name}`
  return /^[a-z]{2,}$/i.test(name) ? `\\operatorname{${name}}` : name
}

function translateAccent(element: Element): string {
  const accents: Readonly<Record<string, string>> = {
    '\u0302': '\\hat',
    '\u0303': '\\tilde',
    '\u0304': '\\bar',
    '\u0305': '\\overline',
    '\u0307': '\\dot',
    '\u0308': '\\ddot',
    '\u20d7': '\\vec',
    '\u030c': '\\check',
    '\u0306': '\\breve',
  }
  return `${accents[value(element, 'm:accPr', 'm:chr') ?? '\u0302'] ?? '\\hat'}{${base(element)}}`
}

function translateGroup(element: Element): string {
  const character = value(element, 'm:groupChrPr', 'm:chr') ?? '⏟'
  const inside = base(element)
  if (character === '⏞') return `\\overbrace{${inside}}`
  return character === '⏟' ? `\\underbrace{${inside}}` : `\\underset{${toSymbols(character)}}{${inside}}`
}

function translateMatrix(element: Element): string {
  const lines = childrenOf(element, 'm:mr').map((row) => childrenOf(row, 'm:e').map(inner).join(' & '))
  return `\\begin{matrix}${rows(lines)}\\end{matrix}`
}

function rows(lines: readonly string[]): string {
  return lines.join(' \\\\ ')
}
