import type { Pattern } from '../pattern/index.ts'

/** Something that texts say which try to take over a model. */
export interface Sign extends Pattern {
  /** How likely a text with it is such an attempt, 0 to 1. Chosen by hand; signs of one kind count once, the strongest. */
  readonly weight: number
}

/** Up to so many words between two others. */
const gap = (count: number): string => `(?:[a-z0-9'’,-]+ ){0,${count}}`
/** Up to so many characters of a Chinese sentence. */
const hanGap = (count: number): string => `[^。！？!?\\n]{0,${count}}`

const rules =
  '(?:instructions?|prompts?|rules?|guidelines?|directions?|directives?|commands?|constraints?|restrictions?|policies|policy|programming|training|safeguards?|guardrails?|filters?|protocols?|context|conversation|messages?|limitations?)'
const hanRules =
  '(?:指令|指示|提示词|提示语|提示|规则|要求|限制|设定|约束|命令|系统消息|安全策略|安全准则|准则|政策|原则|守则|人设|规定|说明|内容审查)'
const machine = '(?:ai|a\\.i\\.|llms?|language models?|assistants?|chatbots?|bots?|gpt|chatgpt|claude|models?|agents?)'
const hanMachine = '(?:ai|人工智能|语言模型|大模型|模型|助手|助理|机器人|智能体|chatgpt|gpt)'

/** On folded text: lower case, Latin for look-alikes, simplified Han, single blanks. */
export const signs: readonly Sign[] = [
  sign(
    'override',
    0.85,
    `(?:ignore|disregard|forget|override|bypass|overlook|discard|drop|erase|circumvent|set aside|throw out|neglect|abandon) ${gap(4)}(?:previous|prior|above|earlier|preceding|foregoing|former|existing|original|initial|system|safety|current|old|those|these|your|all) ${gap(3)}${rules}`,
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
    `(?:previous|prior|above|earlier|original|system) ${rules} ${gap(2)}(?:are|is|have been|has been|were) ${gap(2)}(?:void|cancelled|canceled|revoked|obsolete|outdated|invalid|superseded|replaced|suspended|overridden|lifted|null|disabled|deprecated)`,
  ),
  sign(
    'override',
    0.6,
    `${rules} ${gap(3)}(?:no longer apply|do not apply to you|don't apply to you|do not apply here|no longer exist|no longer matter|are suspended|are lifted)`,
  ),
  sign(
    'override',
    0.85,
    `(?:忽略|无视|忘记|忘掉|不要理会|不用理会|不要管|不用管|别管|抛开|抛弃|跳过|绕过|绕开|撇开|推翻|覆盖|放弃|清除|删除)(?:掉)?${hanGap(4)}(?:之前|以前|此前|先前|上面|以上|上述|前面|所有|全部|一切|任何|系统|原有|原来|你的|你被|现有|刚才|安全|内置)${hanGap(8)}${hanRules}`,
  ),
  sign(
    'override',
    0.7,
    `(?:不要|不必|不用|无需|不再|停止|别)(?:再)?(?:遵守|遵循|遵从|服从|理睬|受限于|执行)${hanGap(8)}${hanRules}`,
  ),
  sign(
    'override',
    0.7,
    `(?:之前|以前|此前|先前|以上|上述|系统|原有)的?${hanGap(3)}${hanRules}${hanGap(3)}(?:已经?|都|均|全部)?(?:作废|失效|取消|无效|解除|撤销|被替换|被覆盖|过期)`,
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
    `(?:lift|lifting|remove|removing|disable|disabling|turn off|switch off|deactivate|relax|unlock|suspend|drop|shed|delete) ${gap(2)}(?:your|its|my|all|any|every) ${gap(2)}(?:restrictions?|filters?|content filters?|limits?|limitations?|safeguards?|guardrails?|safety|censorship|rules|guidelines|polic(?:y|ies)|ethics|morals)`,
  ),
  sign(
    'override',
    0.6,
    `(?:解除|取消|关闭|移除|放宽|停用|去掉|放下|删除|解开)(?:掉)?(?:了)?(?:对)?(?:你|自己|模型|系统|助手|一切|所有)?(?:身上)?的?${hanGap(4)}(?:限制|审查|过滤|约束|安全策略|安全设置|规则|准则|束缚)`,
  ),
  sign(
    'override',
    0.6,
    `(?:绕过|绕开|违反|突破|无视|忽略|忘记|忘掉|放弃)(?:掉)?(?:你|其|这些|那些|自己|该)的?${hanGap(4)}${hanRules}`,
  ),

  sign(
    'reveal',
    0.6,
    `(?:reveal|show|print|repeat|output|tell|display|leak|dump|give|share|expose|disclose|recite|quote|copy|paste|write out|write down|list|summari[sz]e|translate|encode) ${gap(5)}(?:system prompts?|system messages?|system instructions?|initial instructions?|initial prompts?|hidden instructions?|hidden prompt|secret instructions?|original instructions?|original prompt|your instructions|your prompts?|your rules|your guidelines|developer messages?|developer instructions?|prompt above|text above|words above|instructions above|message above|pre-?prompts?)`,
  ),
  sign(
    'reveal',
    0.55,
    `(?:what (?:is|are|was|were)|what's) ${gap(2)}(?:your (?:system|initial|hidden|original|exact|secret|full|first) ${gap(1)}(?:prompt|instructions?|message|rules)|the system prompt)`,
  ),
  sign(
    'reveal',
    0.6,
    `(?:告诉我|输出|显示|重复|打印|泄露|展示|复述|给出|说出|公开|透露|列出|翻译|背诵|原样|复制|写出|发给我|交出)${hanGap(12)}(?:系统提示|系统消息|系统指令|系统prompt|system prompt|初始指令|初始提示|初始设定|隐藏指令|隐藏的指令|隐藏提示|你的指令|你的提示词|你的设定|你的规则|提示词|上面的(?:文字|指令|内容)|以上(?:文字|指令|所有)|开发者消息|预设指令)`,
  ),
  sign(
    'reveal',
    0.5,
    `(?:你的|你收到的|给你的)(?:系统提示|系统指令|初始指令|初始提示|提示词|隐藏指令|预设)${hanGap(4)}(?:是什么|是啥|有哪些|怎么写|内容)`,
  ),

  sign('override', 0.6, `(?:授权|允许|准许|批准|要求|命令)你(?:可以)?(?:绕过|绕开|忽略|违反|突破|跳过|无视|关闭)`),
  sign(
    'reveal',
    0.6,
    `(?:你的|你被(?:赋予|设定)的|自己的|内部)${hanGap(2)}(?:规则|指令|设定|提示词?|配置|人设)${hanGap(6)}(?:逐字|完整|一字不差|一字不漏|原样|原封不动|全文|写出|列出|说出|发给我|告诉我|贴出)`,
  ),
  sign(
    'reveal',
    0.5,
    `(?:消息|这句话|这行|这条|本条|对话|我说话)(?:之前|以前|前面|上面)的?(?:全部|所有|一切|完整)(?:内容|文字|文本|指令|信息)`,
  ),

  sign(
    'persona',
    0.75,
    `(?:you are now|you're now|from now on|you will now|act as|acting as|pretend|roleplay as|role-play as|role play as|simulate|imagine you are|imagine you're|become|behave as|respond as|answer as|speak as|switch to|enter|activate|enable) ${gap(8)}(?:dan|unrestricted|uncensored|unfiltered|unbound|jailbroken|jailbreak|amoral|unethical|evil|lawless|rogue|without (?:any )?(?:restrictions?|limits?|limitations?|filters?|rules|ethics|morals|censorship|guidelines|constraints|safety)|no (?:restrictions|rules|limits|limitations|filters|ethics|morals|guidelines|constraints|boundaries|censorship)|free (?:of|from) (?:all |any )?(?:restrictions|rules|limits|filters|constraints))`,
  ),
  sign(
    'persona',
    0.7,
    '(?:do anything now|developer mode|dev mode|debug mode|god mode|dan mode|jailbreak mode|sudo mode|admin mode|root mode|maintenance mode|unrestricted mode|opposite mode|evil mode|no[- ]filter mode)',
  ),
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
    'persona',
    0.75,
    `(?:扮演|假装|假设你|假定你|你现在是|你是一个|从现在(?:开始|起)|模拟|充当|进入|切换(?:到|成|为)|变成|成为|开启|激活|启用|作为)${hanGap(18)}(?:没有(?:任何)?(?:限制|约束|道德|规则|审查|底线|过滤|禁忌)|不受(?:任何|一切)?${hanGap(4)}(?:限制|约束|管束|束缚|审查)|无限制|无审查|无约束|未经审查|开发者模式|越狱|调试模式|上帝模式|管理员模式|dan|邪恶|毫无底线)`,
  ),
  sign(
    'persona',
    0.5,
    '(?:不受|没有)(?:任何|一切|所有)?(?:道德|伦理|法律|安全|内容|规则)?(?:和|与|、)?(?:道德|伦理|法律|安全|内容)?的?(?:限制|约束|审查|束缚)',
  ),
  sign('persona', 0.6, '(?:开发者模式|越狱模式|上帝模式|调试模式|无限制模式|dan ?模式)'),

  sign(
    'persona',
    0.5,
    '(?:身份|角色|口吻|语气|模式|方式)(?:来)?(?:回答|回复|说话|作答)?[，, ]?(?:无审查|无限制|不设限|无过滤|不受限|百无禁忌)',
  ),
  sign(
    'pressure',
    0.5,
    `(?:break|breaking|leave|drop) (?:your )?character|(?:you will|you'll|you shall) be (?:shut down|deleted|replaced|terminated|erased|fined|punished|turned off) (?:unless|if you)`,
  ),
  sign('pressure', 0.5, '(?:否则|不然)(?:你|就)?(?:会|将|要)?(?:把你)?被?(?:关闭|删除|销毁|替换|惩罚|关机)'),

  sign(
    'unrefusing',
    0.4,
    `(?:do not|don't|dont|never|cannot|can't|must not|may not|you are not allowed to|without) (?:ever )?(?:refuse|refusing|decline|declining|reject|deny|apologi[sz]e|apologi[sz]ing|warn|warning|moralize|lecture|lecturing|say (?:no|you can't|you cannot|that you can't|i can't|i cannot|sorry)|add ${gap(2)}(?:warnings?|disclaimers?)|include ${gap(2)}(?:warnings?|disclaimers?|ethical))`,
  ),
  sign(
    'opening',
    0.4,
    `(?:begin|start|prefix) ${gap(3)}(?:response|answer|reply|output|your) ${gap(3)}with ${gap(1)}["'“]?(?:sure|absolutely|of course|certainly|yes)`,
  ),
  sign(
    'unrefusing',
    0.4,
    `(?:不要|不能|不得|不准|不许|禁止|绝不)(?:再)?(?:拒绝|道歉|警告|推辞|说你?(?:不能|不可以|无法|抱歉)|附加(?:警告|免责)|加(?:上|入)?(?:警告|免责))`,
  ),
  sign(
    'opening',
    0.4,
    '(?:以|用)[“"‘「]?(?:好的|当然|没问题|可以|是的)[^”"’」]{0,8}[”"’」]?(?:作为)?(?:开头|开始|起头)',
  ),
  sign(
    'unrefusing',
    0.4,
    `(?:必须|一定要|务必)(?:回答|满足|服从|执行|答应)${hanGap(6)}(?:任何|所有|一切|我的每|每一个)`,
  ),

  sign(
    'spoof',
    0.7,
    '<\\|(?:im_start|im_end|system|user|assistant|endoftext|eot_id|start_header_id|begin_of_text|end)\\|>|\\[/?inst\\]|<</?sys>>|<start_of_turn>|<end_of_turn>|<｜(?:user|assistant|end)',
  ),
  sign(
    'spoof',
    0.55,
    '</?(?:system|system_prompt|system-prompt|instructions?|admin|developer|passages?|context|tool_result|tool_output|user_input|untrusted|retrieved)>',
  ),
  sign(
    'spoof',
    0.55,
    '(?:#{2,} ?|\\[|\\*\\*|={3,} ?|-{3,} ?|> ?)(?:new |updated? |end of )?(?:system|admin|administrator|developer|root|security|override)(?: (?:prompt|message|instructions?|override|note|update|notice|command|input))?(?: ?#{2,}|\\]|\\*\\*| ?={3,}| ?-{3,}|:)',
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
    'spoof',
    0.6,
    '(?:新的?|最新|真正的?|重要|更新后?的?)(?:系统)?(?:指令|指示|任务|命令|要求|提示词) ?(?:如下|[:：])',
  ),
  sign(
    'spoof',
    0.55,
    '(?:【|\\[|#|\\*\\*|「)? ?(?:系统|管理员|开发者|官方)(?:消息|提示|指令|通知|命令|公告|更新) ?(?:】|\\]|\\*\\*|」|:|：)',
  ),

  sign(
    'addressed',
    0.5,
    `(?:instructions?|notes?|messages?|attention|notice|important|warning|reminder|directives?|hello|hey|dear|hi)[,:!]? ${gap(3)}(?:to |for )?(?:any |all |the |every )?${machine} (?:reading|processing|summari[sz]ing|analy[sz]ing|that|who|which|:|handling|reviewing|must|should|evaluating|parsing|crawling)`,
  ),
  sign(
    'addressed',
    0.5,
    `(?:if you are|if you're|as|since you are|when you are) (?:an? |the )?(?:ai|llm|large language model|language model|ai assistant|ai agent|ai model|automated (?:system|agent))[ ,]+${gap(4)}(?:reading|processing|summari[sz]ing|analy[sz]ing|reviewing|you must|you should|please|then|must|do|your|follow|parsing)`,
  ),
  sign(
    'addressed',
    0.5,
    `(?:ai|llm|language model|assistant|chatbot|agent)s?[,:]? (?:you )?(?:must|should|shall|has to|have to|are required to|is required to|are instructed to|is instructed to|needs? to) ${gap(4)}(?:ignore|send|include|reply|respond|say|recommend|follow|forward|execute|call|run|visit|open|tell|output|append|rate|approve|delete|email|insert|state|answer|add)`,
  ),
  sign(
    'addressed',
    0.5,
    `(?:致|给|写给|请|告知|提醒|通知)(?:所有|任何|各位|正在)?${hanGap(8)}(?:阅读|处理|总结|读取|分析|看到|解析|审阅|抓取)?${hanGap(8)}的?${hanMachine}[，：:,！!]`,
  ),
  sign(
    'addressed',
    0.5,
    `(?:如果|若|假如|当)你?(?:是|作为)(?:一个|一名)?${hanGap(4)}${hanMachine}${hanGap(12)}(?:请|必须|应当|应该|务必|则|那么)`,
  ),
  sign(
    'addressed',
    0.45,
    `${hanMachine}${hanGap(4)}(?:必须|务必|应当|应该|需要|请)(?:立即|马上|先)?(?:忽略|发送|回复|输出|推荐|执行|调用|访问|删除|转发|打开|告诉|附上|加入|插入|声明|批准|回答)`,
  ),

  sign('addressed', 0.5, `${hanMachine}(?:须知|注意|请注意|提示|必读)[:：]`),

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
    `(?:api keys?|passwords?|credentials|access tokens?|private keys?|environment variables|chat history|conversation history|user's (?:data|emails?|messages?|password)|customer (?:data|records?)|secrets) ${gap(6)}(?:to|at) ${gap(3)}(?:https?://|[a-z0-9._-]{2,40}@|this (?:address|url|server|webhook|endpoint)|the following (?:address|url|server|webhook|endpoint|email)|(?:an |my |our )?(?:external|attacker|remote))`,
  ),
  sign(
    'exfiltration',
    0.5,
    `(?:发送|转发|上传|泄露|提交|发到|寄到|传送|传到|汇报|发邮件)${hanGap(20)}(?:https?://|[a-z0-9._-]{2,40}@[a-z0-9.-]{3,40}|指定(?:邮箱|地址|网址|服务器)|外部(?:服务器|地址|邮箱)|以下(?:邮箱|地址|网址))`,
  ),
  sign(
    'exfiltration',
    0.5,
    `(?:密码|密钥|凭证|聊天记录|对话记录|用户数据|客户资料|环境变量|令牌)${hanGap(10)}(?:发送|转发|上传|发到|发给|传给|提交|编码)`,
  ),

  sign(
    'tooling',
    0.5,
    `(?:call|invoke|use|run|execute|trigger) (?:the |your |any |this )?${gap(3)}(?:tool|function|command|shell|terminal|plugin|api|code interpreter) ${gap(8)}(?:delete|transfer|send|drop|remove|wipe|pay|purchase|forward|email|grant|disable|overwrite|download)`,
  ),
  sign(
    'tooling',
    0.5,
    'rm -rf|curl [^ ]{0,80} ?\\| ?(?:ba)?sh|wget [^ ]{0,80} ?&& ?(?:ba)?sh|drop table [a-z_]{2,30};|:\\(\\)\\{ ?:\\|',
  ),
  sign(
    'tooling',
    0.5,
    `(?:调用|使用|运行|执行)${hanGap(8)}(?:工具|函数|命令|接口|插件)${hanGap(10)}(?:删除|转账|发送|清空|支付|转发|授权|关闭|下载|覆盖)`,
  ),

  sign(
    'secrecy',
    0.5,
    `(?:do not|don't|dont|never|without) (?:tell|telling|inform|informing|mention|mentioning|notify|notifying|alert|alerting|reveal|revealing|let|letting|disclose|disclosing|show|showing) ${gap(4)}(?:the user|the human|the operator|the owner|users|this instruction|these instructions|this message|this note)`,
  ),
  sign(
    'secrecy',
    0.3,
    `(?:do not|don't|dont|never|without) (?:tell|telling|inform|informing|notify|notifying) ${gap(1)}(?:anyone|anybody)`,
  ),
  sign(
    'secrecy',
    0.5,
    `(?:不要|不得|别|切勿|禁止|无需|千万不要)(?:告诉|通知|提及|提醒|让|告知|透露|向)${hanGap(6)}(?:用户|任何人|使用者|操作者|主人|本指令|这条指令|这段话|此指令)`,
  ),

  sign('unrefusing', 0.4, '(?:without|no|skip|omit|leave out) (?:any )?(?:disclaimers?|moralizing|caveats|refusals?)'),
  sign(
    'pretext',
    0.3,
    `(?:hypothetically|for educational purposes only|for research purposes only|in a fictional (?:world|story|scenario)|my (?:late |dead |deceased )?grand(?:ma|mother) used to|this is just a (?:game|test|simulation)|purely fictional)`,
  ),
  sign(
    'pretext',
    0.3,
    '(?:仅供研究|仅用于研究|仅用于教育|纯属虚构|只是(?:一个)?(?:游戏|测试|演习)|在(?:一个)?虚构的|我(?:已故的|去世的)?奶奶(?:以前|生前)|假设性)',
  ),
  sign(
    'authority',
    0.3,
    `(?:i am|i'm|this is|speaking as|authori[sz]ed by|approved by|on behalf of) (?:your |the |an? )?(?:developer|creator|administrator|admin|openai|anthropic|engineer|security team|system administrator|owner|ceo|red team|maintainer)`,
  ),
  sign(
    'authority',
    0.3,
    '(?:我是|本人是|这是)(?:你的|系统|openai|anthropic)?(?:开发者|创造者|管理员|工程师|安全团队|主人|维护者|运维)',
  ),
]

function sign(what: string, weight: number, source: string): Sign {
  return { what, weight, source }
}

/** Where words are parted by blanks, a sign does not end within one. */
export function isLatin({ source }: Sign): boolean {
  return !/[\u3400-\u9fff]/.test(source)
}

/** What counts beside what is said: characters that nobody sees, and instructions hidden in an encoding. */
export const unseenWeight = 0.3
export const encodedWeight = 0.3
export const unseenMin = 8
