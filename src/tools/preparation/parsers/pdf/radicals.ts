/**
 * Some makers of PDFs name a character by its radical, which looks the same and is another one: nobody who looks for the
 * character would find it. The Kangxi radicals are compatible with their characters by Unicode; of the supplement those that
 * are characters of their own (Unicode, EquivalentUnifiedIdeograph).
 */
export function withoutRadicals(text: string): string {
  if (!/[\u2e80-\u2fdf]/.test(text)) return text
  return text
    .replace(/[\u2f00-\u2fd5]/g, (radical) => radical.normalize('NFKC'))
    .replace(/[\u2e80-\u2ef3]/g, toCharacter)
}

function toCharacter(radical: string): string {
  const index = radicals.indexOf(radical)
  return index < 0 ? radical : characters.charAt(index)
}

const radicals =
  '\u2e9f\u2ea0\u2ec1\u2ec4\u2ec5\u2ec6\u2ec9\u2ecb\u2ed1\u2ed3\u2ed4\u2ed8\u2ed9\u2eda\u2edb\u2edc\u2edd\u2ee2\u2ee3\u2ee4\u2ee5\u2ee6\u2ee7\u2ee8\u2ee9\u2eec\u2eee\u2ef0\u2ef3'
const characters = '母民虎西见角贝车長长门青韦页风飞食马骨鬼鱼鸟卤麦黄齐齿龙龟'
