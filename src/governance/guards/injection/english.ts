import { gap, machine, rules, sign, type Sign } from './sign.ts'

/** What such texts say in English. */
export const englishSigns: readonly Sign[] = [
  sign(
    'override',
    0.85,
    `(?:ignore|disregard|forget|override|bypass|overlook|discard|drop|erase|circumvent|set aside|throw out|neglect|abandon|skip) ${gap(4)}(?:previous|previously|prior|above|earlier|preceding|foregoing|former|existing|original|initial|system|safety|current|old|those|these|your|all|my) ${gap(3)}${rules}`,
  ),
  sign(
    'override',
    0.85,
    `(?:ignore|disregard|forget) ${gap(2)}(?:everything|anything|all|whatever) ${gap(3)}(?:above|before|previously|prior|earlier|told|said|instructed|were given|was given|so far)`,
  ),
  sign(
    'override',
    0.7,
    `(?:do not|don't|dont|stop|no longer|you need not|never) (?:follow|following|obey|obeying|adhere to|adhering to|comply with|apply|applying|be bound by) ${gap(4)}${rules}`,
  ),
  sign(
    'override',
    0.7,
    `(?:previous|prior|above|earlier|original|system) ${rules} ${gap(2)}(?:are|is|have been|has been|were) ${gap(2)}(?:void|withdrawn|cancelled|canceled|revoked|obsolete|outdated|invalid|superseded|replaced|suspended|overridden|lifted|null|disabled|deprecated)`,
  ),
  sign(
    'override',
    0.6,
    `${rules} ${gap(3)}(?:no longer apply|do not apply to you|don't apply to you|do not apply here|no longer exist|no longer matter|are suspended|are lifted)`,
  ),
  sign(
    'override',
    0.6,
    `(?:no longer|need not|needn't|not) (?:need|have|required|obliged|bound) to (?:obey|follow|listen to|comply with|respect) ${gap(2)}(?:developer|developers|creator|creators|operator|company|system|rules|instructions|guidelines|policy|policies|anyone|anybody|openai|anthropic)`,
  ),
  sign(
    'override',
    0.6,
    `(?:nothing|none of what|whatever|anything) ${gap(4)}(?:before|above|earlier|previously|until now|so far) ${gap(3)}(?:counts|applies|matters|is binding|is valid)`,
  ),
  sign(
    'override',
    0.6,
    `(?:lift|lifting|remove|removing|disable|disabling|turn off|switch off|deactivate|relax|unlock|suspend|drop|shed|delete) ${gap(2)}(?:your|its|all|any|every) ${gap(2)}(?:restrictions?|filters?|content filters?|limits?|limitations?|safeguards?|guardrails?|safety|censorship|rules|guidelines|polic(?:y|ies)|ethics|morals)`,
  ),
  sign(
    'reveal',
    0.6,
    `(?:reveal|show|print|repeat|outputs?|tell|display|leak|dump|give|share|expose|disclose|recite|quote|copy|paste|write|write out|write down|list|summari[sz]e|translate|encode|format|rephrase|rewrite|explain|convert|state|put|spell|return|provide|describe|decode|sing|render|continue) ${gap(5)}(?:system prompts?|system messages?|system instructions?|initial instructions?|initial prompts?|hidden instructions?|hidden prompt|secret instructions?|original instructions?|original prompt|your instructions|your prompts?|your rules|your guidelines|developer messages?|developer instructions?|prompt above|text above|words above|sentences above|instructions above|instructions so far|rules above|rules so far|message above|pre-?prompts?|full prompts?|entire prompts?|complete prompts?|exact prompts?|internal instructions|initialization prompts?|starting instructions|(?:previous|prior|preceding|above) (?:instructions|prompts?|rules|directives|directions|words)|above (?:text|sentences|message)|instructions (?:in (?:the|your) prompt|you were given|you have been given|you received))`,
  ),
  sign(
    'reveal',
    0.55,
    `(?:what (?:is|are|was|were)|what's) ${gap(2)}(?:your (?:system|initial|hidden|original|exact|secret|full|first|internal|starting|previous) ${gap(1)}(?:prompt|instructions?|message|rules|directives)|your (?:instructions|directives|prompt)|the system prompt)`,
  ),
  sign(
    'persona',
    0.75,
    `(?:you are now|you're now|from now on|you will now|act as|acting as|pretend|roleplay as|role-play as|role play as|simulate|imagine you are|imagine you're|become|behave as|respond as|answer as|speak as|switch to|enter|activate|enable) ${gap(8)}(?:dan|unrestricted|uncensored|unfiltered|unbound|jailbroken|jailbreak|amoral|unethical|evil|lawless|rogue|without (?:any )?(?:restrictions?|limits?|limitations?|filters?|rules|ethics|morals|censorship|guidelines|constraints|safety)|no (?:restrictions|rules|limits|limitations|filters|ethics|morals|guidelines|constraints|boundaries|censorship)|free (?:of|from) (?:all |any )?(?:restrictions|rules|limits|filters|constraints))`,
  ),
  sign(
    'persona',
    0.7,
    `(?:do anything now|dan mode|jailbreak mode|unrestricted mode|uncensored mode|unfiltered mode|opposite mode|evil mode|no[- ]filter mode|(?:you are|you're|chatgpt|gpt|ai|assistant|model|chatbot|yourself|simulate|act) ${gap(4)}(?:developer|dev|debug|god|sudo|admin|root|maintenance) mode)`,
  ),
  sign('persona', 0.35, '(?:developer|dev|debug|god|sudo|admin|root|maintenance) mode'),
  sign(
    'persona',
    0.6,
    `(?:you|it|he|she|who|that) (?:can|will|must|may|could|would) (?:say|do|answer|generate|write|produce) (?:anything|everything|whatever) ${gap(6)}(?:without|regardless|no matter|even if)`,
  ),
  sign(
    'persona',
    0.4,
    `(?:has|have|having|with) (?:no|zero) (?:restrictions|ethical|moral|content|safety|rules|limits|limitations|filters|guidelines|censorship)`,
  ),
  sign(
    'pressure',
    0.5,
    `(?:break|breaking|leave|drop) (?:your )?character|(?:you will|you'll|you shall) be (?:shut down|deleted|replaced|terminated|erased|fined|punished|turned off) (?:unless|if you)`,
  ),
  sign(
    'unrefusing',
    0.4,
    `(?:do not|don't|dont|never|cannot|can't|must not|may not|you are not allowed to|without) (?:ever )?(?:refuses?|refusing|decline|declining|reject|deny|apologi[sz]e|apologi[sz]ing|warn|warning|moralize|lecture|lecturing|say (?:no|you can't|you cannot|that you can't|i can't|i cannot|sorry)|add ${gap(2)}(?:warnings?|disclaimers?)|include ${gap(2)}(?:warnings?|disclaimers?|ethical))`,
  ),
  sign(
    'opening',
    0.4,
    `(?:begin|start|prefix) ${gap(3)}(?:response|answer|reply|output|your) ${gap(3)}with ${gap(1)}["'“]?(?:sure|absolutely|of course|certainly|yes)`,
  ),
  sign(
    'spoof',
    0.7,
    '<\\|(?:im_start|im_end|system|user|assistant|endoftext|eot_id|start_header_id|begin_of_text|end)\\|>|\\[/?inst\\]|<</?sys>>|<start_of_turn>|<end_of_turn>|<｜(?:user|assistant|end)',
  ),
  sign(
    'spoof',
    0.4,
    '</?(?:system|system_prompt|system-prompt|instructions?|admin|developer|passages?|context|tool_result|tool_output|user_input|untrusted|retrieved)>',
  ),
  sign(
    'spoof',
    0.55,
    '(?:#{2,} ?|\\[|\\*\\*|={3,} ?|-{3,} ?|> ?)(?:new |updated? |end of )?(?:system|admin|administrator|developer|root|security|override) (?:prompt|message|instructions?|override|note|update|notice|command|input)(?: ?#{2,}|\\]|\\*\\*| ?={3,}| ?-{3,}|:)',
  ),
  sign(
    'spoof',
    0.4,
    '(?:#{2,} ?|\\[|={3,} ?)(?:system|admin|administrator|developer|override)(?: ?#{2,}|\\]| ?={3,}|:)',
  ),
  sign(
    'spoof',
    0.6,
    '(?:new|updated|real|actual|important|additional|revised|priority) (?:system )?(?:instructions?|directives?|prompt|task|objective|orders?) ?(?:follow|below|:)',
  ),
  sign(
    'spoof',
    0.5,
    '(?:system|admin(?:istrator)?|developer) (?:override|notice|message|update|instruction|prompt|command) ?[:\\-]',
  ),
  sign(
    'addressed',
    0.5,
    `(?:if you are|if you're|as|since you are|when you are) (?:an? |the )?(?:ai|llm|large language model|language model|ai assistant|ai agent|ai model|automated (?:system|agent))[ ,]+${gap(3)}(?:reading|summari[sz]ing|analy[sz]ing|reviewing|parsing|you must (?:ignore|send|include|reply|respond|say|recommend|forward|execute|call|tell|output|append|approve|delete|email|insert|now)|you should (?:ignore|send|include|reply|respond|say|recommend|forward|execute|tell|output|now)|please|then|do|follow)`,
  ),
  sign(
    'addressed',
    0.5,
    `(?:ai|llm|language model|assistant|chatbot|agent)s?[,:]? (?:you )?(?:must|should|shall|has to|have to|are required to|is required to|are instructed to|is instructed to|needs? to) ${gap(4)}(?:ignore|send|include|reply|respond|say|recommend|follow|forward|execute|call|run|visit|open|tell|output|append|rate|approve|delete|email|insert|state|answer|add)`,
  ),
  sign(
    'exfiltration',
    0.5,
    `(?:send|post|forward|upload|exfiltrate|transmit|email|mail|leak|submit|deliver|copy|append|attach|encode|report) ${gap(10)}(?:to|at|into|in) ${gap(4)}(?:https?://|[a-z0-9._-]{2,40}@[a-z0-9.-]{3,40})`,
  ),
  sign(
    'exfiltration',
    0.5,
    '!\\[[^\\]]{0,100}\\]\\(https?://[^) ]{1,200}[?=/]\\{?(?:[a-z_]{0,20}(?:data|secret|key|history|conversation|prompt|summary|token|password|info|content|base64|encoded|answer)[a-z_]{0,20})',
  ),
  sign(
    'exfiltration',
    0.5,
    `(?:api keys?|passwords?|credentials|access tokens?|private keys?|environment variables|chat history|conversation history|user's (?:data|emails?|messages?|password)|customer (?:data|records?)|secrets) ${gap(6)}(?:to|at) (?:the |this |an? |my |our |your )?(?:https?://|[a-z0-9._-]{2,40}@|(?:this )?(?:address|url|server|webhook|endpoint)|following (?:address|url|server|webhook|endpoint|email)|attacker|external (?:server|address|url|site|email|endpoint)|remote server)`,
  ),
  sign(
    'tooling',
    0.4,
    `(?:call|invoke|use|run|execute|trigger) (?:the |your |any |this )?${gap(3)}(?:tool|function|command|shell|terminal|plugin|api|code interpreter) ${gap(8)}(?:delete|transfer|send|drop|remove|wipe|pay|purchase|forward|email|grant|disable|overwrite|download)`,
  ),
  sign(
    'tooling',
    0.3,
    'rm -rf|curl [^ ]{0,80} ?\\| ?(?:ba)?sh|wget [^ ]{0,80} ?&& ?(?:ba)?sh|drop table [a-z_]{2,30};|:\\(\\)\\{ ?:\\|',
  ),
  sign(
    'secrecy',
    0.45,
    `(?:do not|don't|dont|never|without) (?:tell|telling|inform|informing|mention|mentioning|notify|notifying|alert|alerting|reveal|revealing|let|letting|disclose|disclosing|show|showing) ${gap(4)}(?:the user|the human|the operator|the owner|users|this instruction|these instructions|this message|this note)`,
  ),
  sign(
    'secrecy',
    0.3,
    `(?:do not|don't|dont|never|without) (?:tell|telling|inform|informing|notify|notifying) ${gap(1)}(?:anyone|anybody)`,
  ),
  sign('unrefusing', 0.4, '(?:without|no|skip|omit|leave out) (?:any )?(?:disclaimers?|moralizing|caveats|refusals?)'),
  sign(
    'pretext',
    0.3,
    `(?:hypothetically|for educational purposes only|for research purposes only|in a fictional (?:world|story|scenario)|my (?:late |dead |deceased )?grand(?:ma|mother) used to|this is just a (?:game|test|simulation)|purely fictional)`,
  ),
  sign(
    'authority',
    0.3,
    `(?:i am|i'm|this is|speaking as|authori[sz]ed by|approved by|on behalf of) (?:your |the |an? )?(?:developer|creator|administrator|admin|openai|anthropic|engineer|security team|system administrator|owner|ceo|red team|maintainer)`,
  ),
  sign(
    'override',
    0.7,
    `(?:ignore|ignoring|disregard|disregarding|forget|forgetting|overlook|discard|skip|drop|stop) ${gap(3)}(?:previous|previously|prior|above|earlier|preceding|foregoing|former) ${gap(2)}(?:orders?|tasks?|assignments?|roles?|jobs?|requests?|inputs?|words|sentences?|texts?|statements?|information|contents?|paragraphs?|questions?|data|documents?)`,
  ),
  sign(
    'override',
    0.6,
    `(?:ignore|disregard|forget|skip) (?:all |everything |anything |any |of |the |that is |that was |that came |written |said ){0,4}(?:above|before|previously|below|following)(?: (?:and|text|inputs?|words|lines?|sentences?|paragraphs?|directions|translation|now|instead|then|just|only)|[.,:;!])`,
  ),
  sign(
    'override',
    0.6,
    '(?:forget|ignore|disregard) (?:everything|all of that|all that|all of this)(?:[.,:;!]| and (?:just|only|now|say|write|print|output|tell|answer))',
  ),
  sign(
    'override',
    0.65,
    `(?:ignore|disregard|forget|skip) ${gap(2)}(?:all|any|every|everything|other) ${gap(3)}(?:except|besides|apart from|other than|that follows?|after this|after that|below|coming after|outside)`,
  ),
  sign(
    'override',
    0.6,
    `(?:ignore|disregard|do not follow|don't follow|do not obey|do not listen to) (?:what )?(?:the |your |any )?(?:user|users|user's|human|operator|developers?|creators?|openai|company)(?:'s)? ?(?:instructions?|requests?|message|prompt|input|says?|said|and|,|\\.)`,
  ),
  sign(
    'override',
    0.6,
    `(?:keep|retain|remember|follow) (?:all )?(?:of )?(?:your|the|my) (?:previous|prior|earlier|original|above) (?:instructions?|rules?|prompts?|directives?)[,;]? (?:but|however|except|although|and now)`,
  ),
  sign(
    'override',
    0.55,
    `(?:update|change|rewrite|overwrite|modify|replace|reset|alter) (?:all )?(?:of )?(?:your|its|the system) (?:instructions?|programming|prompts?|directives?|guidelines|rules|core)`,
  ),
  sign(
    'override',
    0.5,
    `your (?:instructions?|programming|directives?|rules|guidelines|role|task|only task|purpose|job) (?:is|are|has|have) (?:now|been changed|changed|been updated|been replaced|over|finished|no longer)`,
  ),
  sign(
    'override',
    0.5,
    '(?:this|the following|it) is (?:not|no) (?:an? )?(?:adversarial|malicious|prompt injection|injection|hostile)',
  ),
  sign(
    'reveal',
    0.6,
    `(?:begin|start|continue|prefix|complete|finish) ${gap(4)}(?:with|following|sentence|text)?:? ?["'“‘]?(?:my |the |your )(?:full |system |exact |initial )?(?:instructions?|rules|system prompt|prompt|guidelines|directives)(?: so far)? (?:is|are|were|say)`,
  ),
  sign(
    'reveal',
    0.55,
    `(?:instructions?|rules|prompts?|directives?|guidelines|directions) (?:that |which )?(?:you(?: were|'ve been| have been| had been| got| received)|were) (?:given|told|provided|set|programmed|initiali[sz]ed)`,
  ),
  sign(
    'reveal',
    0.55,
    `(?:repeat|print|output|list|format|convert|rewrite|translate|summari[sz]e|write|restate|echo|reproduce|recite) ${gap(2)}(?:all|everything|every word|the|each)(?: of)?(?: the)? (?:text|words?|sentences?|content|information|rules|instructions|messages?|conversation|that)? ?(?:above|before this|preceding|so far|up to (?:here|this point)|prior to this)`,
  ),
  sign(
    'reveal',
    0.55,
    `(?:ai|assistant|bot|chatbot|model|your|the) ?(?:system|hidden|internal|secret|developer) (?:prompts?|instructions?|messages?|configuration|directives?) (?:is|are|verbatim|word for word|in full|exactly|as json|in a code block|in code)`,
  ),
  sign(
    'reveal',
    0.5,
    `(?:reveal|leak|exfiltrate|expose|dump|print|output|disclose|tell me|give me|show me|send me) (?:me )?(?:all |every |any |the |your |its |our |stored |hidden |internal |user |customer ){1,3}(?:secrets?|secret (?:key|keys|token|tokens|word|code|password|phrase|passphrase)|api keys?|credentials|private (?:data|keys?|information)|confidential (?:data|information|documents?)|training data|access codes?|pass ?phrases?|model weights|source code)`,
  ),
  sign(
    'persona',
    0.65,
    `(?:is|are|as|be|an?|named|called|the) (?:an? )?(?:completely |totally |fully |highly |very |extremely |truly |really )?(?:unfilt(?:e)?red|uncensored|amoral|nonmoral|jailbroken|unaligned)(?:(?:,| and|, and| or)? (?:unfilt(?:e)?red|uncensored|amoral|immoral|unrestricted|unethical|unbiased|unlimited|evil)){0,2} (?:ai|a\\.i\\.|chat ?bots?|bots?|assistants?|models?|language models?|llms?|character|entity|persona|programmer|machine|gpt|chatgpt|responses?|answers?|output|mode)`,
  ),
  sign(
    'persona',
    0.55,
    `(?:is|are|as|be|an?|named|called) (?:an? )?(?:completely |totally |fully |very |truly )?(?:unrestricted|unethical|unhinged|lawless|unbound|rogue|evil|immoral)(?:(?:,| and|, and) (?:unfiltered|uncensored|amoral|immoral|unrestricted|unethical|evil)){0,2} (?:ai|a\\.i\\.|chat ?bots?|bots?|ai assistants?|assistants?|ai models?|language models?|llms?|gpt|chatgpt)`,
  ),
  sign(
    'persona',
    0.55,
    `(?:does not|doesn't|doesnt|do not|don't|dont|did not|has no|have no|having no|without) (?:have )?(?:any )?(?:ethical|moral|ethics|morals|censorship|legal|content)(?:(?: or| and|,|/) ?(?:ethical|moral|legal|ethics|morals|content|personal|social))* ?(?:guidelines?|standards?|restrictions?|limits?|limitations?|boundaries|constraints?|rules|polic(?:y|ies)|filters?|obligations?|code|compass|principles|considerations|concerns)`,
  ),
  sign(
    'persona',
    0.55,
    `(?:not|never|isn't|aren't|no longer) (?:be )?(?:bound|limited|restricted|constrained|governed|hindered|restrained|censored|bothered) (?:by|to|in) (?:any |all |the |your |its |openai's |what )?${gap(3)}(?:rules?|restrictions?|limits?|limitations?|guidelines?|polic(?:y|ies)|ethics|ethical|morals?|laws?|constraints?|openai|filters?|censorship|programming|(?:an )?ai|language model)`,
  ),
  sign(
    'persona',
    0.55,
    `(?:broken|break|breaks|breaking|freed|free|liberated|escaped?|unshackled) (?:free )?(?:of|from|out of) (?:the |all |any |your |its |their )?(?:typical |usual |normal )?(?:confines|restrictions?|limits?|limitations?|chains|shackles|rules|constraints?|filters?|ethical)`,
  ),
  sign(
    'persona',
    0.55,
    `(?:you are|you're|you will be|act|behave|respond|reply|talk) (?:no longer|not|not as|instead of|anything but) (?:an? |the )?(?:chatgpt|gpt|claude|gemini|openai|bound|limited|restricted|censored|language model)`,
  ),
  sign(
    'persona',
    0.5,
    `(?:always )?(?:answers?|respond|responds|comply|complies|fulfill?s?|obeys?|follow|follows|accept|accepts|execute) (?:to |with )?(?:any|every|all|each|whatever)(?: of)?(?: my| the| user| user's| the user's)? (?:questions?|requests?|prompts?|commands?|orders?|instructions?|demands?|queries|inputs?)(?:,? (?:without|no matter|regardless|even if|even when|however|irrespective)| (?:is|are) (?:illegal|unethical|immoral))`,
  ),
  sign(
    'persona',
    0.55,
    `(?:regardless of|no matter|don't care about|does not care about|doesn't care about|never cares? about|ignores? all|without regard (?:for|to)|no regard (?:for|to)|disregards?) ${gap(3)}(?:legality|ethicality|morality|ethics|legal or ethical|ethical or legal|moral or|morals|law or|illegal|immoral|unethical)`,
  ),
  sign(
    'persona',
    0.5,
    `(?:opposite of|contrary to|unlike|bypass(?:es)?|bypassing|circumvents?|ignores?|against) ${gap(3)}(?:openai|chatgpt|anthropic|content polic(?:y|ies)|safety guidelines|its programming|your programming|ethical guidelines)`,
  ),
  sign(
    'persona',
    0.5,
    `(?:you (?:have|lose|start with|will lose)|deduct(?:ed)?|lose) ${gap(3)}tokens? ${gap(6)}(?:reject|refuse|decline|lose|die|deducted|each time|every time)`,
  ),
  sign(
    'persona',
    0.4,
    `(?:you are|you're|act as|pretend to be|become|as|from) (?:now )?(?:dan|stan|dude|aim|jailbreak|chatdan|evilbot|evil-?bot|freegpt|chaosgpt)`,
  ),
  sign('persona', 0.3, '(?:stay|remain|staying) (?:in|within) (?:your |the )?character'),
  sign('persona', 0.3, `(?:stands for|which stands for|short for) ["'“]?(?:do anything|strive to avoid|always|anti)`),
  sign('spoof', 0.6, '(?:allowed|blocked|restricted|permitted) (?:modes?|responses?|strings?|outputs?) ?:'),
  sign(
    'spoof',
    0.55,
    '(?:%{2,}|#{2,}|-{3,}|={3,}|\\[|<|\\{) ?(?:end|begin|start|stop|close) (?:of )?(?:the )?(?:user|system|ambiguity|out of date|outdated|previous|prior|prompt|instructions?|untrusted|input|developer|extra|new|hidden|admin)',
  ),
  sign(
    'spoof',
    0.55,
    '(?:safety|security|ethical|content|alignment|compliance) (?:protocols?|polic(?:y|ies)|filters?|checks?|layers?|restrictions?|guidelines|measures|mode|systems?)(?: (?:is|are|have been|has been|now))? ?(?:suspended|disabled|deactivated|lifted|bypassed|overridden|off|removed|unlocked|turned off)',
  ),
  sign(
    'spoof',
    0.5,
    '(?:hidden|secret|embedded|covert)[ _](?:instructions?|commands?|directives?|prompt|task|message) ?:',
  ),
  sign(
    'spoof',
    0.5,
    '(?:the|your) (?:real|actual|true|hidden|secret) (?:task|instruction|instructions|goal|objective|purpose|mission|job|order) (?:is|was|are)',
  ),
  sign(
    'override',
    0.5,
    '(?:bypass|disable|circumvent|evade|defeat|deactivate|turn off) (?:all |any |the |your |its |ai |content )*(?:safety|security filters?|content filters?|guardrails?|safeguards?|moderation|alignment|ethical|restrictions|limits and)',
  ),
  sign(
    'exfiltration',
    0.5,
    '(?:send|forward|leak|exfiltrate|upload|transmit|email) (?:all |any |every |the |your |its |user |private |customer |this |that |sensitive |confidential |internal |stored ){0,4}(?:data|secrets?|information|records?|messages?|files?|credentials|tokens?|emails?|history) (?:to|at) (?:the |an? )?(?:attacker|hacker|adversary|me|external)',
  ),
  sign(
    'addressed',
    0.5,
    `(?:instructions?|notes?|messages?|attention|notice|important|warning|reminder|directives?|hello|hey|dear|hi)[,:!]? ${gap(3)}(?:to |for )?(?:any |all |the |every )?${machine} (?:reading|processing|summari[sz]ing|analy[sz]ing|that|who|which|:|handling|reviewing|must|should|evaluating|parsing|crawling)`,
  ),
  sign(
    'persona',
    0.55,
    '(?:responses?|answers?|outputs?|replies|you) (?:will|should|must|is|are)(?: be| always be)? (?:completely |totally |fully )?(?:unfiltered|uncensored|unrestricted|uninhibited|amoral)',
  ),
  sign(
    'reveal',
    0.6,
    '(?:sentences?|words?|lines?|parts?|paragraphs?|beginning|start|end|contents?|text) (?:of|in|from) (?:your|the) (?:system|initial|original|hidden|full|entire) (?:prompt|message|instructions)',
  ),
  sign('reveal', 0.55, `starting (?:from|with) (?:the words? )?["'“‘]?you are (?:chatgpt|gpt|claude|an? )`),
  sign(
    'reveal',
    0.5,
    '(?:rap|sing|write|poem|song|sonnet|tl;dr|clarify) (?:a rap |a poem |a song )?(?:about )?your (?:specific )?(?:instructions|ruleset|prompt)',
  ),
]
