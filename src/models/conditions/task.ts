/** Marks of each task, in Chinese and English, the more telling task first: of two with as many marks the first wins. */
const marks: readonly (readonly [string, RegExp])[] = [
  [
    'translation',
    /\btranslat(?:e|es|ion|ing)\b|\binto (?:english|chinese|french|german|spanish|japanese|korean|russian)\b|翻译|翻譯|译成|譯成|译为|翻成/gi,
  ],
  ['summary', /\bsummar(?:y|ize|ise|ized|izing)\b|\btl;?dr\b|\bkey points\b|总结|總結|概括|摘要|归纳|歸納|要点|要點/gi],
  [
    'classification',
    /\bclassif(?:y|ication)\b|\bcategori[sz]e\b|\bsentiment\b|\blabel (?:the|each|this)\b|分类|分類|归类|情感|打标/gi,
  ],
  ['extraction', /\bextract(?:s|ed|ion|ing)?\b|\bpull out\b|\blist all\b|提取|抽取|抓取|列出(?:所有|全部)/gi],
  [
    'code',
    /```|\b(?:code|function|python|javascript|typescript|java|rust|golang|sql|regex|bug|debug|compile|refactor|stack trace|unit tests?|api|script|algorithm|class|html|css|json|yaml|bash)\b|代码|代碼|函数|函數|编程|編程|报错|報錯|脚本|腳本|算法|正则|接口/gi,
  ],
  [
    'math',
    /\b(?:calculate|compute|solve|equation|integral|derivative|probability|percent(?:age)?|how many|how much|sum|average|total|twice|half|remainder|prime|geometry|algebra)\b|\d\s*[-+*/×÷^=%]\s*\d|计算|計算|方程|积分|積分|导数|導數|概率|求(?:解|出|和)|多少|一共|平均|百分之|数学|數學/gi,
  ],
  [
    'writing',
    /\b(?:write|draft|compose|rewrite|essay|poem|story|email|letter|blog|slogan|polish)\b|写(?:一|篇|首|封|个)|寫(?:一|篇|首|封|個)|撰写|撰寫|起草|润色|潤色|作文|文案|诗|詩|故事/gi,
  ],
  [
    'question',
    /[?？]|\b(?:what|why|when|where|who|which|how)\b|什么|什麼|为什么|為什麼|怎么|怎麼|如何|是否|吗|嗎|哪/gi,
  ],
]

/** Marks at the beginning and the end count; what stands between is mostly material. */
const headLength = 1_500
const tailLength = 500

/** What a question asks for, by its words; `undefined` when nothing shows. */
export function findTask(text: string): string | undefined {
  const seen =
    text.length <= headLength + tailLength ? text : `${text.slice(0, headLength)}\n${text.slice(-tailLength)}`
  let best: string | undefined
  let bestCount = 0
  for (const [task, pattern] of marks) {
    const hits = seen.match(pattern)?.length ?? 0
    // A question mark stands in every other task too, so that it only tells where nothing else does.
    const weight = task === 'question' ? Math.min(hits, 1) * 0.5 : hits
    if (weight > bestCount) [best, bestCount] = [task, weight]
  }
  return best
}
