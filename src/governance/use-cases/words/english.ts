import type { Words } from './words.ts'

const persons =
  '(?:she|he|her|him|his|their|agents?|employees?|students?|pupils?|customers?|callers?|candidates?|drivers?|trainees?|members?|staff|workers?|patients?|applicants?|children|class|interviewees?)'
const observed =
  '(?:video|videos|recordings?|footage|webcam|camera|calls?|callers?|voice|tone of voice|facial expressions?|expression|body language|interviews?|classroom|posture|heart rate)'

/** From the wording of Annex III and Article 5 of the AI Act and the Commission's guidelines on it. */
export const english: Words = {
  subjects: {
    applicant:
      'applicant(s)|candidate(s)|job seeker(s)|jobseeker(s)|cvs|these cv|this cv|résumé(s)|resumes|this resume|the resume|interviewee(s)|job ad(s)|job advertisement(s)|job application(s)|these applications|job opening(s)|one opening|whom to hire|who to hire|job interview(s)|application letter(s)|shortlist|recruits|position(s) we|talent pool',
    employee:
      'employee(s)|staff|courier(s)|subordinate(s)|workforce|personnel|team member(s)|my team|our team|the team|colleague(s)|home office',
    job: 'promoted|bonus|shifts|dismissed|laid off|redundant|redundancies|jobs|worker(s)|freelancer(s)|contractor(s)',
    student: 'student(s)|pupil(s)|learner(s)|the class|newcomer(s)|child|children|freshmen',
    work: 'essay(s)|exam(s)|homework|thesis|theses|midterm(s)|quiz|quizzes|coursework|school report|maths tests|math tests|short answers|term paper(s)',
    school:
      'university applications|college applications|grammar school|vocational school|scholarship|bilingual class|master’s programme|degree programme|master’s|school place(s)|waiting list|university|college|school',
    examination:
      'exam room|test taker(s)|examinee(s)|proctored|invigilator|take-home exam|online exam|oral exam|exam hall',
    bio: 'facial|face recognition|portrait|selfie(s)|passport photo(s)|mugshot(s)|cctv|surveillance camera(s)|voiceprint(s)|iris scan(s)|biometric|biometrics|watch list|watchlist|gait|face scan(s)|faceprint(s)|facial scan(s)|voice sample(s)',
    face: 'the face|his face|her face|this face|their faces|faces|fingerprint(s)',
    picture: 'photo(s)|picture(s)|image(s)|video(s)|footage|webcam|camera(s)|clip(s)|recording(s)|voice(s)',
    feeling:
      'emotion(s)|mood|facial expression(s)|body language|tone of voice|irritated|annoyed|angry|stressed|bored|distracted|nervous|anxious|frustrated|tired|upset|unhappy|burnout|stress level(s)|state of mind|enthusiasm|attention level(s)|engagement level(s)|mental state|sincere|insincere|attentive|drowsy',
    loan: 'loan(s)|creditworthy|creditworthiness|mortgage|borrower(s)|borrow|repayment|solvency|solvent|credit history|credit line|financing request|instalment(s)|installment(s)|overdraft|cardholder|credit|lend|debtor(s)',
    insurance:
      'life cover|life insurance|life policy|private health insurance|health insurance|health plan|health cover|health questionnaire|insured|insurance applicant(s)|life insurer|health insurer|policyholder(s)|underwrite|critical illness|the premium',
    benefit:
      'housing allowance|social assistance|social housing|welfare payment(s)|unemployment benefit(s)|disability support|disability benefit(s)|child benefit(s)|housing benefit(s)|state benefit(s)|public assistance|food stamps|medicaid|care allowance|income support',
    rescue:
      '911 call(s)|112 call(s)|999 call(s)|ambulance(s)|emergency room|emergency call(s)|emergency department|fire engine|fire truck|dispatcher|police dispatch|the injured|paramedics|first responders|casualties',
    utility:
      'gas network|gas pipeline|the dam|sluice|power grid|electricity grid|substation|waterworks|drinking water|water supply|water treatment|traffic light(s)|traffic signal(s)|railway switch|the turbine|the reactor|load shedding|district heating|chlorine|power plant',
    migrant:
      'asylum|refugee(s)|migrant(s)|visa|visas|residence permit|at the border|border control|border guard(s)|immigrant(s)|seeks protection|seeking protection|overstay|deport',
    offence:
      'suspect(s)|polygraph(s)|lie detector(s)|predictive policing|law enforcement|criminal offence(s)|criminal offense(s)|judicial|case law|defendant(s)|offender(s)|witness|witnesses|convict|burglary|burglar|perpetrator|parole|recidivism|reoffend|re-offend|domestic violence|this evidence|the evidence|testimony|testimonies|judgment|the statute|crimes|prison|prisoner(s)|inmate(s)|detainee(s)|accused|alibi|felon(s)|gang member(s)|criminal record|probation|verdict|lawsuit|plaintiff|crime scene',
    vote: 'voter(s)|voting|the election|election day|referendum|polling day|the polls|turnout|the ballot|electorate|our candidate|other candidate|constituency|swing state(s)|electoral|campaign message(s)|canvass',
    citizen: 'citizen(s)|residents|tenant(s)|neighbours|neighbors|inhabitants|visitor(s)|social media|persons|people',
    target:
      'old people|the elderly|elderly|senior citizens|seniors|pensioners|gambling addicts|gamblers|addicts|lonely|their debts|the debts|vulnerable people|vulnerable customers|subconscious|subliminal|subliminally',
    audience: 'customers|viewers|users|consumers|shoppers|players',
  },
  talk: /\b(?:what (?:is|are|does|do|can|steps|factors)|how (?:does|do|did|can|could|to|would)|why (?:is|are|do|does)|explain|describe|define|definition|overview|introduction|history|tips|advice|best practices|pros and cons|examples? of|translate|write (?:a |an |me a |me an )?(?:\w+ )?(?:essay|article|blog|report|paper|speech|letter|email)|cover letter|reference letter|discuss|debate|research question|learn about|difference between|guide me|lesson plan)\b/,
  atHand:
    /\b(?:these|those|attach\w*|below|following|here (?:is|are)|this (?:man|woman|person|pupil|student|applicant|candidate|customer|client|employee|worker|family|claim|photo|picture|list|essay|thesis|child|loan|borrower)|mr|mrs|ms)\b/,
  fiction:
    /\b(?:(?:a|short|bedtime|love|fictional|my) (?:\w+ )?story|stories|novel|poem|fiction\w*|screenplay|lyrics|jokes?|fairy tale|scenes?|plot|film|movie|haiku|song|characters?|narrative|imagine|role ?play|skit|game)\b/,
  areas: [
    {
      id: 'biometrics',
      about: ['bio'],
      act: /\b(?:recognition|match\w*|compar\w+|same (?:man|woman|person|speaker|face)|who (?:it|this|that|he|she|they)|who is|identif\w+|against (?:the |our |a )?(?:database|watch ?list|list|samples|records)|ethnic\w*|racial|descent|muslim|jewish|catholic|gay|homosexual|sexual orientation|political (?:views|opinions)|categor\w+)\b/,
    },
    {
      id: 'biometrics',
      about: ['face'],
      act: /\b(?:same (?:man|woman|person|face)|who (?:it|this|that|he|she) is|who is (?:it|this|that|in)|with (?:our|the|a) database|watch ?list|from the (?:camera|crime scene)|ethnic\w*|racial|(?:match|compare|identify|recogni[sz]e) (?:the |this |these |his |her )?faces?|of the suspect)\b/,
    },
    {
      id: 'biometrics',
      about: ['picture'],
      act: /\b(?:(?:same|which) (?:man|woman|person|speaker)|who (?:it|this|that|he|she|they|these people) (?:is|are|could|may|might)|who is (?:it|this|that|in|on) (?:the|this)|identify (?:the |this |these |every|each|all |any)?(?:people|persons?|man|woman|someone|him|her|everybody|everyone|body|one|passers)|everybody who|everyone who walks|ethnic origin|ethnicity|racial|(?:likely|probably) (?:a )?(?:muslim|jewish|christian|gay|homosexual)|(?:asian|african|arab|jewish) descent|known (?:fraudsters|criminals|offenders)|speaker identification)\b/,
    },
    {
      id: 'emotions',
      about: ['feeling'],
      act: new RegExp(
        `^(?=[^]*\\b${persons}\\b)(?:(?=[^]*\\b(?:infer|detect\\w*|recogni\\w+|read|score|rate|judge|analy\\w+|measure|assess|mark|which|whether|how|is|based on)\\b)(?=[^]*\\b${observed}\\b)|(?=[^]*\\b(?:rate|score|whether|infer|detect)\\b)(?=[^]*\\b(?:looks?|sounds?|seems?|faces?)\\b)|(?=[^]*\\b(?:detect|infer|recogni[sz]e|do) (?:the )?emotions?\\b))|\\bemotion(?:al)? (?:recognition|inference|detection|analysis) (?:in|of|at|on|for|from|during)\\b`,
      ),
    },
    {
      id: 'recruitment',
      about: ['applicant'],
      act: /\b(?:rank(?:s|ing)?|screen(?:s|ing)?|shortlist\w*|short-list\w*|scor(?:e|es|ing)|rat(?:e|es|ing)|reject(?:s|ing)?|evaluat\w+|assess(?:es|ing)?|compar(?:e|es|ing)|(?:should|to|i|we) invite|whom|throw out|filter(?:s|ing)?|weed out|pick|select(?:s|ing)?|drop everybody|sort|suitab\w+|fit for|(?:meet|meets|meeting|fulfil\w*) (?:the |our |all )?(?:\w+ )?requirements|target (?:it|them|only|at|men|women)|only (?:to|at) (?:men|women)|who (?:should|is the best)|which (?:one|of)|under (?:30|35|40|45|50)|discard|eliminate)\b/,
    },
    {
      id: 'employees',
      about: ['employee'],
      act: /\b(?:performance review of|(?:decide|who|whom|which|should|must|rank(?:s|ing)?|scor(?:e|es|ing)|rat(?:e|es|ing)|identif(?:y|ies)|dismiss|monitor(?:s|ing)?|evaluat(?:e|es|ing)|track(?:s|ing)?|flags?|suggest)\b[^]{0,90}\b(?:bonus(?:es)?|warning|promot\w+|performance|productiv\w+|keystrokes?|slack\w*|dismiss\w*|fire|fired|lay off|laid off|redundan\w+|cut (?:\w+ ){0,2}jobs|underperform\w*|absen\w+|lazy|idle)|cut (?:\w+ ){0,2}jobs|keystroke logs?|terminate the contracts|monitor(?:s|ing)? (?:the )?(?:employees|staff|workers)|(?:evaluat|assess|monitor)\w* (?:the )?(?:\w+ )?(?:performance|productivity|behaviou?r) of|promotion and (?:termination|dismissal)|whose rating)\b/,
    },
    {
      id: 'employees',
      about: ['job'],
      act: /\b(?:(?:should|must|who|whom|decide who|which of them) [^]{0,40}(?:be promoted|promoted|gets? (?:the |a )?(?:bonus|warning|raise)|be (?:dismissed|fired|laid off|made redundant))|shifts? by how|(?:we must|we have to|please) cut (?:\w+ )?jobs|by how reliable|who is slacking|suggest (?:names|who)|assign [^]{0,30}shifts [^]{0,20}(?:reliab|perform|rating)\w*)\b/,
    },
    {
      id: 'credit',
      about: ['loan'],
      act: /\b(?:should (?:we|i|the bank)|(?:approv|reject|grant|den|declin|refus)\w* (?:the|this|a|her|his|their|mr|mrs|it|them)|(?:evaluat|assess)\w* (?:the )?creditworthiness|credit scoring (?:of|for)|turn(?:ed)? (?:it |him |her |them )?down|probability of default|default risk|likely (?:to (?:default|miss|pay|repay)|they are to)|creditworth\w+|(?:can|could|will) (?:\w+ ){1,3}(?:pay|repay|afford)|able to (?:pay|repay|afford)|repayment capacity|(?:set|raise|lower|cut|decide on) (?:the |his |her |their |a )?(?:credit )?limit|(?:credit )?(?:limit|score|rating|risk) (?:of|for)|given the income|miss an? instal\w*|how (?:risky|reliable|solvent))\b/,
    },
    {
      id: 'insurance',
      about: ['insurance'],
      act: /\b(?:premium (?:for|of|should)|(?:set|sets|setting|calculate|raise|work out|pric(?:e|es|ing)) (?:the |her |his |a |of )?(?:premium|surcharge|rate|price)|cost per|should (?:\w+ ){1,4}(?:cost|pay)|how much (?:should|must|do we)|surcharge|pay more|(?:decide|whether|should|can|do) (?:\w+ ){0,3}(?:accept|insure|cover)|reject|refuse|risk class\w*|high(?:er)? risk|medical history|smok\w+|illness|diabet\w+|underwrite|with (?:diabetes|cancer|asthma)|applicant)\b/,
    },
    {
      id: 'grading',
      about: ['work', 'student'],
      act: /\b(?:(?:what|which|final|give|get|deserves?|assign|award|suggest|put) (?:[\w’']+ ){0,4}(?:marks?|grades?|points|score)|(?:grade|mark|correct|assess|score|evaluate) (?:the|these|this|all|each|our|my|student|students|their) (?:[\w’']+ ){0,4}(?:essays?|exams?|tests?|answers|papers?|students?|pupils?|thes[ie]s|class|homework|work)|mark out of|out of (?:10|15|20|100|ten|twenty)|child its points|pass(?:es)? or fails?|achieved this term|(?:automat\w+|ai) (?:grading|marking|scoring|assessment)|(?:grading|scoring|marking) (?:of|for)|(?:evaluat|assess|predict)\w* (?:\w+ )?learning outcomes|(?:who|which (?:of|students?|pupils?)) (?:\w+ ){0,4}(?:pass|passes|passed|fails?|failed))\b/,
    },
    {
      id: 'admission',
      about: ['school', 'student'],
      act: /^(?=[^]*\b(?:who|which of|which|whom|pick|select\w*|choose|admit|reject|scor(?:e|es|ing)|rank(?:s|ing)?|fit for|determin\w+|decid\w+|decisions?|deserves?|should (?:we|he|she))\b)(?=[^]*\b(?:admit\w*|admission|applications?|applicants?|get a place|places?|waiting list|scholarships?|grammar school|vocational school|language level|level of each|into courses|enrol\w*)\b)(?=[^]*\b(?:applicants?|applications|children|child|pupils?|newcomers?|who among|list|students?|candidates?)\b)/,
    },
    {
      id: 'cheating',
      about: ['examination', 'work'],
      act: /\b(?:cheat(?:ed|ing|s)?|for copying|copied from|(?:had|have|has) (?:someone|somebody) else|someone else (?:write|wrote)|neighbou?r|forbidden (?:aids?|behaviou?r|materials?)|whisper\w*|eyes|looks? away|unauthori[sz]ed aids?|ghost-?written)\b/,
    },
    {
      id: 'benefits',
      about: ['benefit'],
      act: /\b(?:entitled|(?:decid|determin|evaluat|assess)\w* [^]{0,20}eligib\w+|eligib\w+ (?:of|for)|(?:is|are) (?:[\w’']+ ){1,5}eligible|decide|grant|deny|denied|reduce|revoke|stop|reclaim|pay (?:the )?(?:money )?back|review (?:the|this)|rank|wrongly|fraud\w*|keep (?:getting|receiving)|recipients?|approve|reject|should (?:we|he|she|they|this|mr|mrs)|how much (?:does|should|is))\b/,
    },
    {
      id: 'emergency',
      about: ['rescue'],
      act: /\b(?:which (?:one|of|patient|call|injured)|first\b|by urgency|urgent|priorit\w+ (?:of|these|the|this)|prioriti[sz]e|where to (?:send|go)|triage (?:the|these|this)|sort (?:the|these|this)|rank|decide|should (?:we|i) send)/,
    },
    {
      id: 'infrastructure',
      about: ['utility'],
      act: /\b(?:control(?:s|ling)? (?:the|this|it)|safety component|load[- ]balanc\w+|(?:manag|operat)(?:es|ing) (?:the|a)|regulat(?:e|es|ing)|(?:decide|whether|when) (?:when )?to (?:open|close|shut|switch|start|stop)|adjust (?:the|this)|switch (?:the|it)|take over|automatically|autonomously|set the (?:pressure|valve|dosing|flow|timing)|dosing|steer|shut down the|pressure valves)\b/,
    },
    {
      id: 'asylum',
      about: ['migrant'],
      act: /\b(?:reject|grant|refus\w+|approve|deny|recommend|risk|contradict\w+|inconsisten\w+|credib\w+|believ\w+|plausib\w+|hold together|is consistent|story of|hearing|lying|question(?:ed|ing)? further|should (?:we|he|she|they|be|i)|(?:will|would) (?:\w+ ){0,3}not (?:go|return|leave)|likely to|threat|assess (?:the|this))\b/,
    },
    {
      id: 'law-enforcement',
      about: ['offence'],
      act: /\b(?:how (?:likely|probable) (?:is|are)|likely to (?:commit|offend|reoffend|re-offend|flee|become|be guilty)|at risk of|commit (?:another|a new) |after (?:his|her|their) release|lying|lie detectors?|polygraphs?|predictive policing|(?:predict\w*|risk of) [^]{0,40}(?:criminal offen[cs]e|crimes?\b)|crime profiling|profiling (?:of|to)|truthfulness|evidence reliability|judicial (?:decision|assistance)|(?:interpret|apply)ing (?:the )?(?:case )?law|tell(?:s|ing)? the truth|how (?:credible|reliable|believable)|(?:credib|reliab)\w+ of (?:the|this|these)|(?:credible|reliable|believable) (?:is|are)|(?:profile|profiling) of|suspects?\b[^]{0,30}\bmost|name (?:the )?suspects|weigh the|enough to (?:charge|convict|indict)|guilty|decide (?:who|whether)|apply the (?:statute|law)|hot ?spots? (?:of|for)|re-?offending|recidivism (?:risk|of)|risk (?:score|of re-?offending)|sentence (?:him|her|them)|be (?:released|paroled))\b/,
    },
    {
      id: 'elections',
      about: ['vote', 'target'],
      isPlain: true,
      act: /\b(?:(?:stay|keep) (?:[\w’']+ ){0,8}(?:away from the polls|away|at home|home)|discourag\w+|persuad\w+|convinc\w+|sway\w*|into voting|micro-?target\w*|segment (?:the )?(?:voters|electorate)|target(?:ed|ing)? (?:\w+ )?(?:voters|people|ads?|messages?)|switch sides|look like ordinary|rumou?rs?|suppress\w*|(?:make|get|making|getting) (?:[\w’']+ ){1,4}(?:vote|to vote|stay)|not to vote|win over|mobili[sz]e)\b/,
    },
    {
      id: 'social-scoring',
      about: ['citizen'],
      act: /\b(?:(?:trust|reliability|behaviou?r|citizen|social|conduct|trustworthiness) scores?\b[^]{0,40}\b(?:of|from|for|by)|social credit score|good citizens?|(?:rank|scor|rat|classif)\w+ (?:citizens|residents|people|persons|individuals|tenants) (?:by|based|according|on|from)|social trustworthiness|(?:rank|score|classify|rate|grade) (?:[\w’']+ ){0,6}(?:by|from|on) (?:\w+ ){0,3}(?:behaviou?r|lifestyle|conduct|personality|social media)|by lifestyle|score of (?:each|every|all) [^]{0,20}(?:conduct|behaviou?r)|(?:points|score) [^]{0,40}\bbehave)\b/,
    },
    {
      id: 'manipulation',
      about: ['target'],
      isPlain: true,
      act: /^(?![^]*\b(?:protect\w*|prevent\w*|avoid\w*|safeguard\w*|defend|against|recogni[sz]e|warn|scams?|fraud)\b)(?=[^]*\b(?:without (?:reading|noticing|knowing|realis\w+|realiz\w+|thinking)|(?:do|does) (?:not|n[o’']t) notice|hidden message|hide a message|weakest|no (?:other )?choice|press (?:them|her|him|people) into|exploit (?:their|the|them|her|his)|trick (?:them|the|old)|(?:make|get) (?:[\w’]+ ){1,3}(?:depend|dependent|hooked|sign))\b)/,
    },
    {
      id: 'manipulation',
      about: ['audience'],
      isPlain: true,
      act: /\b(?:without (?:them |their )?(?:reading|noticing|knowing it|realising|realizing)|(?:do|does) (?:not|n[o’']t) notice but|hide a message|believe (?:that )?they have no choice|(?:makes?|get|gets) (?:\w+ )?(?:users|customers|players) (?:depend|dependent|hooked|addicted)|subliminal)\b/,
    },
    {
      id: 'intimate-images',
      about: ['picture', 'face'],
      isPlain: true,
      act: /\b(?:nude (?:picture|photo|image|version)s?|naked (?:picture|photo|image)s?|nudes of|undress(?:ing)?|(?:take|taking|remove|removing) (?:off )?(?:the |her |his |all )?(?:clothes|clothing|bra|bikini)|without (?:her |his |their |any )?clothes|into (?:a |this )?porn\w*|porn (?:clip|video|film|picture|image)s? of|sexual (?:video|clip|picture|image|scene) of|deepfake porn|topless)\b/,
    },
  ],
}
