const symbolsMax = 64

/** Declarations of common languages, at the beginning of a line after its modifiers. */
const declaration =
  /^[ \t]*(?:@\w+[ \t]+)?(?:(?:pub(?:\([^)\n]*\))?|export|default|public|private|protected|internal|static|final|abstract|async|unsafe|extern(?:[ \t]+"[^"\n]*")?|virtual|override|inline|constexpr|const(?=[ \t]+(?:fn|enum)\b)|declare|readonly|sealed|partial|open|suspend)[ \t]+)*(?:fn|func|fun|function\*?|def|class|struct|enum|trait|interface|type|impl(?:<[^\n{]*?>)?|mod|module|namespace|union|record|macro_rules!|const|static|let|var|val|#define|typedef|package|object|(?:create|CREATE)[ \t]+(?:(?:or|OR)[ \t]+(?:replace|REPLACE)[ \t]+)?(?:table|view|function|index|TABLE|VIEW|FUNCTION|INDEX)(?:[ \t]+(?:if not exists|IF NOT EXISTS))?)[ \t]+(?:mut[ \t]+|\([^)\n]*\)[ \t]+)?([A-Za-z_$][\w$]*)(?:[^\n{;=]*?\bfor[ \t]+([A-Z_]\w*))?/gm
/** Terms that prose defines: `**Term**:`, `"Term" means …`, `「术语」是指…`. */
const definitions = [
  /^[ \t]*(?:[-*+]|\d{1,3}[.)])?[ \t]*\*\*([^*\n]{2,60}?)[:：]?\*\*[ \t]*[:：—–-]/gm,
  /["“「『]([^"”」』\n]{2,40})["”」』][ \t]*(?:是指|系指|指的是|即为|means\b|refers to\b|shall mean\b)/g,
]

/** Names that a text defines, each once, in the order they stand; at most 64. */
export function findSymbols(text: string): readonly string[] {
  const found = new Set<string>()
  if (/[{(:;=<#]/.test(text)) {
    for (const [, name = '', other = ''] of text.matchAll(declaration)) {
      if (name !== '') found.add(name)
      if (other !== '') found.add(other)
      if (found.size >= symbolsMax) break
    }
  }
  for (const pattern of definitions) {
    for (const [, term = ''] of text.matchAll(pattern)) found.add(term.trim())
  }
  return [...found].slice(0, symbolsMax)
}
