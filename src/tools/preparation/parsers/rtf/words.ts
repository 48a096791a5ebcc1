import type { CaptureKind } from './state.ts'

/** What words of control stand for that are characters. */
export const characters: ReadonlyMap<string, string> = new Map([
  ['emdash', '—'],
  ['endash', '–'],
  ['lquote', '‘'],
  ['rquote', '’'],
  ['ldblquote', '“'],
  ['rdblquote', '”'],
  ['bullet', '•'],
  ['emspace', ' '],
  ['enspace', ' '],
  ['qmspace', ' '],
  ['zwj', '\u200d'],
  ['zwnj', '\u200c'],
])

/** Signs of control that are characters. */
export const signs: ReadonlyMap<string, string> = new Map([
  ['~', '\u00a0'],
  ['_', '-'],
  ['{', '{'],
  ['}', '}'],
  ['\\', '\\'],
])

/** What ends a line within a paragraph. */
export const lineEnds: ReadonlySet<string> = new Set(['line', 'softline', 'page', 'column', 'lbr'])

/** Groups that begin with such a word hold something else than words of the body; `through` is read as if it were not there. */
export type Destination = CaptureKind | 'skip' | 'through' | 'field' | 'property' | 'alternatives' | 'unicode'

export const destinations: ReadonlyMap<string, Destination> = new Map<string, Destination>([
  ['fonttbl', 'fonts'],
  ['stylesheet', 'styles'],
  ['info', 'nothing'],
  ['title', 'title'],
  ['pict', 'nothing'],
  ['picprop', 'nothing'],
  ['sp', 'property'],
  ['sn', 'property-name'],
  ['sv', 'property-value'],
  ['field', 'field'],
  ['fldinst', 'instruction'],
  ['fldrslt', 'through'],
  ['listtext', 'label'],
  ['pntext', 'label'],
  ['footnote', 'note'],
  ['annotation', 'comment'],
  ['atnauthor', 'author'],
  ['atndate', 'date'],
  ['shp', 'through'],
  ['shpgrp', 'through'],
  ['shpinst', 'through'],
  ['shptxt', 'box'],
  ['do', 'through'],
  ['dptxbxtext', 'box'],
  ['shppict', 'through'],
  ['object', 'through'],
  ['result', 'through'],
  ['ud', 'unicode'],
  ['upr', 'alternatives'],
  ['nesttableprops', 'skip'],
  ['moMathPara', 'through'],
  ['moMath', 'through'],
  ...['header', 'headerl', 'headerr', 'headerf', 'footer', 'footerl', 'footerr', 'footerf'].map(
    (word) => [word, 'furniture'] as const,
  ),
  ...(
    'colortbl nonshppict objdata objclass objname objtime shprslt xe tc tcn rxe txe ftnsep ftnsepc ftncn aftnsep aftnsepc aftncn ' +
    'datafield template private falt panose fontemb bkmkstart bkmkend pn pntxta pntxtb atnid atnref atnparent atntime ' +
    'nonesttables mmathPict listtable listoverridetable revtbl filetbl themedata colorschememapping latentstyles datastore background'
  )
    .split(' ')
    .map((word) => [word, 'skip'] as const),
])

/** Properties of formulas, whose values are no words. */
export const formulaProperties = /^m\w+Pr$/
