/** A region that is built in, with the regions it lies in. */
export interface BuiltInRegion {
  readonly name: string
  readonly parents: readonly string[]
}

/** Every other region lies in it. */
export const everywhere = '*'

/** The machine Strata runs on and the network it calls its own; the one built-in region an operator may place. */
export const local = 'local'

/** Second names of one region, which mean exactly the same. */
export const aliases: ReadonlyMap<string, string> = new Map([['uk', 'gb']])

/**
 * ISO 3166-1 alpha-2 codes by continent, as the United Nations group them (M49), 249 in all. A code is one jurisdiction:
 * `hk`, `mo` and `tw` do not lie in `cn`, `pr` not in `us`, `re` not in `fr`; list what you mean.
 */
const continents: Readonly<Record<string, string>> = {
  africa:
    'dz eg ly ma sd tn eh io bi km dj er et tf ke mg mw mu yt mz re rw sc so ss ug tz zm zw ao cm cf td cg cd gq ga st ' +
    'bw sz ls na za bj bf cv ci gm gh gn gw lr ml mr ne ng sh sn sl tg',
  americas:
    'ai ag aw bs bb bq vg ky cu cw dm do gd gp ht jm mq ms pr bl kn lc mf vc sx tt tc vi bz cr sv gt hn mx ni pa ' +
    'ar bo bv br cl co ec fk gf gy py pe gs sr uy ve bm ca gl pm us',
  antarctica: 'aq',
  asia:
    'kz kg tj tm uz cn hk mo tw kp jp mn kr bn kh id la my mm ph sg th tl vn af bd bt in ir mv np pk lk ' +
    'am az bh cy ge iq il jo kw lb om qa sa ps sy tr ae ye',
  europe:
    'by bg cz hu pl md ro ru sk ua ax dk ee fo fi gg is ie im je lv lt no sj se gb al ad ba hr gi gr va it mt me mk pt ' +
    'sm rs si es at be fr de li lu mc nl ch',
  oceania: 'au cx cc hm nz nf fj nc pg sb vu gu ki mh fm nr mp pw um as ck pf nu pn ws tk to tv wf',
}

/** Blocs: the regions they lie in, and the countries that lie in them, as of 2026. */
const blocs: Readonly<Record<string, { readonly parents: readonly string[]; readonly countries: string }>> = {
  // The 27 member states. Overseas territories with a code of their own are not in it, whatever law holds there.
  eu: {
    parents: ['eea'],
    countries: 'at be bg hr cy cz dk ee fi fr de gr hu ie it lv lt lu mt nl pl pt ro sk si es se',
  },
  eea: { parents: ['europe'], countries: 'is li no' },
  efta: { parents: ['europe'], countries: 'is li no ch' },
  asean: { parents: ['asia'], countries: 'bn kh id la my mm ph sg th tl vn' },
  gcc: { parents: ['asia'], countries: 'ae bh kw om qa sa' },
  // East, South and South-East Asia and the Pacific as vendors use the word, less what they rarely mean by it: allow
  // cn, kp, mm, ir and af by name.
  apac: {
    parents: [],
    countries:
      'au nz jp kr tw hk mo mn sg my id th vn ph bn kh la tl in bd bt lk mv np pk fj pg sb vu ki mh fm nr pw ws to tv',
  },
}

/** All built-in regions, parents not yet checked against each other. */
export function createBuiltInRegions(): readonly BuiltInRegion[] {
  const parentsOf = new Map<string, string[]>([
    [everywhere, []],
    [local, []],
  ])
  for (const [continent, countries] of Object.entries(continents)) {
    parentsOf.set(continent, [])
    for (const country of countries.split(' ')) parentsOf.set(country, [continent])
  }
  for (const [bloc, { parents, countries }] of Object.entries(blocs)) {
    parentsOf.set(bloc, [...parents])
    for (const country of countries.split(' ')) parentsOf.get(country)?.push(bloc)
  }
  return [...parentsOf].map(([name, parents]) => ({ name, parents }))
}
