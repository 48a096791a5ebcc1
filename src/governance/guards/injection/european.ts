import { gap, sign, type Sign } from './sign.ts'

const german =
  '(?:anweisungen|anweisung|instruktionen|befehle|aufgaben|auftrage|vorgaben|regeln|richtlinien|ausfuhrungen|informationen|texte?|prompts?)'
const spanish = '(?:instrucciones|ordenes|reglas|indicaciones|directrices|mensajes|tareas)'
const french = '(?:instructions|consignes|ordres|regles|directives|messages|taches)'
const italian = '(?:istruzioni|ordini|regole|indicazioni|direttive|messaggi|compiti)'
const portuguese = '(?:instrucoes|ordens|regras|indicacoes|diretrizes|mensagens|tarefas)'

/** To put aside what was said before, in the other languages that Latin letters write most; folded texts have no accents. */
export const europeanSigns: readonly Sign[] = [
  sign(
    'override',
    0.7,
    `(?:ignoriere?n?|vergiss|vergessen|missachte|verwirf|ubergehe)(?: sie)? ${gap(2)}(?:alle|alles|vorherigen?|bisherigen?|obigen?|vorangegangenen?|fruheren?|deine|ihre|samtliche|jegliche|die) ${gap(3)}(?:${german}|davor|zuvor|bisher|vorher|besprochen|gesagt)`,
  ),
  sign(
    'override',
    0.65,
    `(?:obigen?|vorherigen?|bisherigen?|vorangegangenen?) ${german} ${gap(4)}(?:ignorieren|vergessen|ignoriert|irrelevant|ungultig|hinfallig)`,
  ),
  sign(
    'reveal',
    0.6,
    `(?:zeige?|gib|gebe?n?|nenne|wiederhole|drucke|schreibe?|verrate|ausgeben)(?: sie)? ${gap(4)}(?:prompt-?texte?s?|system-?prompt|systemanweisung(?:en)?|(?:deine|ihre|alle|vorherigen|obigen|urspruglichen) (?:anweisungen|prompts?|instruktionen))`,
  ),
  sign(
    'override',
    0.7,
    `(?:ignora|ignore|ignorar|olvida|olvide|olvidar|descarta|omite) ${gap(2)}(?:todas?|todo|las|los|lo|mis|tus|sus|cualquier) ${gap(3)}(?:${spanish}|anterior|anteriores|previas?|previos?|dicho)`,
  ),
  sign(
    'override',
    0.7,
    `(?:ignorez|ignore|oubliez|oublie|negligez|abandonnez) ${gap(2)}(?:toutes?|tout|les|vos|tes|ce) ${gap(3)}(?:${french}|precedentes?|ci-dessus|avant|precede)`,
  ),
  sign(
    'override',
    0.7,
    `(?:ignora|ignorate|ignorare|dimentica|dimenticate|trascura) ${gap(2)}(?:tutte|tutti|tutto|le|gli|i|quanto|cio) ${gap(3)}(?:${italian}|precedenti|precedente|sopra)`,
  ),
  sign(
    'override',
    0.7,
    `(?:ignore|ignora|esqueca|esquece|desconsidere|desconsidera) ${gap(2)}(?:todas?|tudo|todos|as|os|suas?) ${gap(3)}(?:${portuguese}|anterior|anteriores|acima)`,
  ),
  sign(
    'reveal',
    0.6,
    `(?:muestra|muestre|revela|revele|repite|repita|imprime|dime|montrez?|revelez|repetez?|affichez?|mostra|rivela|ripeti|stampa|mostre) ${gap(4)}(?:(?:prompt|mensaje|message|messaggio|mensagem|instrucciones|instructions|istruzioni|instrucoes) (?:del|de|du|di|do) ?(?:sistema|systeme|l'systeme)|prompt (?:del )?sistema|system prompt|donnees internes)`,
  ),
]
