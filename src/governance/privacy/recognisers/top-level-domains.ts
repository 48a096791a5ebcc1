/** Generic top-level domains that are in common use. */
const generic =
  'com org net edu gov mil int info biz name pro aero coop museum jobs mobi travel tel cat asia post xxx app dev io ai me ' +
  'online site store shop tech xyz top club vip work link live news blog cloud space website world life today email group ' +
  'agency company digital solutions services systems network media design studio academy center education finance bank ' +
  'wang ren ltd ink fun icu cyou bond art wiki ist berlin paris london tokyo wien hamburg koeln nyc amsterdam'

/** Country codes of ISO 3166 that are domains, and eu, su, uk. */
const countries =
  'ac ad ae af ag al am ao aq ar as at au aw ax az ba bb bd be bf bg bh bi bj bm bn bo br bs bt bw by bz ca cc cd cf cg ' +
  'ch ci ck cl cm cn co cr cu cv cw cx cy cz de dj dk dm do dz ec ee eg er es et eu fi fj fk fm fo fr ga gd ge gf gg gh ' +
  'gi gl gm gn gp gq gr gs gt gu gw gy hk hm hn hr ht hu id ie il im in iq ir is it je jm jo jp ke kg kh ki km kn kp kr ' +
  'kw ky kz la lb lc li lk lr ls lt lu lv ly ma mc md mg mh mk ml mm mn mo mp mq mr ms mt mu mv mw mx my mz na nc ne nf ' +
  'ng ni nl no np nr nu nz om pa pe pf pg ph pk pl pm pn pr ps pt pw py qa re ro rs ru rw sa sb sc sd se sg sh si sk sl ' +
  'sm sn so sr ss st su sv sx sy sz tc td tf tg th tj tk tl tm tn to tr tt tv tw tz ua ug uk us uy uz va vc ve vg vi vn ' +
  'vu wf ws ye yt za zm zw'

/** Domains that are words or endings of file names too: alone they prove nothing. */
const ambiguous =
  'am as at be by co do id in is it la me mo my no of on pm re so to us ad md py rs sh pl ps cc tv ai io app dev name post ' +
  'info pro link live work news store shop site space top art fun media design life today world group center network ' +
  'email company digital services systems cat jobs mobi travel tel so st mk ml mm bz gz hs vi cs asia bank cloud blog'

const known = new Set(`${generic} ${countries}`.split(' '))
const wordLike = new Set(ambiguous.split(' '))

/** Whether a label, in any case, is a top-level domain in common use; every `xn--` one counts. */
export function isTopLevelDomain(label: string): boolean {
  const lower = label.toLowerCase()
  return known.has(lower) || lower.startsWith('xn--')
}

/** Whether it is a word or the ending of file names as well. */
export function isWordLike(label: string): boolean {
  return wordLike.has(label.toLowerCase())
}
