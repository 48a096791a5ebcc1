const codeLengthMax = 200_000
const languages = new Set(['', 'js', 'javascript', 'mjs', 'cjs', 'node'])

/**
 * The program in an answer: all fenced blocks of JavaScript, or those of no language, one after another; an answer without
 * any fence is taken as a whole. `undefined` when there is none, or when it has more than 200,000 characters.
 */
export function findCode(text: string): string | undefined {
  if (text.length > codeLengthMax) return undefined
  const blocks = [...text.matchAll(/^[ \t]*```[ \t]*([\w+#.-]*)[^\n]*\n(.*?)^[ \t]*```[ \t]*$/gms)]
  if (blocks.length === 0) return text.trim() === '' || text.includes('```') ? undefined : text
  const named = blocks.filter(([, language = '']) => language !== '' && languages.has(language.toLowerCase()))
  const chosen = named.length > 0 ? named : blocks.filter(([, language]) => language === '')
  return chosen.length === 0 ? undefined : toScript(chosen.map(([, , code = '']) => code).join('\n'))
}

/** Exports are declarations here: the program is run as a script, not as a module. */
function toScript(code: string): string {
  return code
    .replaceAll(/^[ \t]*export[ \t]+(?:default[ \t]+)?(?=(?:async[ \t]+)?function\b|class\b|const\b|let\b|var\b)/gm, '')
    .replaceAll(/^[ \t]*export[ \t]*(?:\{[^}\n]*\}|default[ \t]+[\w$]+)[ \t]*;?[ \t]*$/gm, '')
}
