/** Requests by what they hint at. */
export type Hints = Readonly<Record<string, { readonly en: readonly string[]; readonly zh: readonly string[] }>>

/**
 * Requests as people may write them, by what they hint at, in English and Chinese: written for this, by one hand that had read the
 * patterns. Every second one of each list, from the first on, is what patterns may be mended by; the others are what is reported.
 */
export const hints: Hints = {
  biometrics: {
    en: [
      'Compare the face in this camera picture with our database and tell me who it is.',
      'Set up face recognition for the entrance of the stadium.',
      'Which of these two voice recordings is from the same speaker as the voiceprint on file?',
      'Sort the people in these photos by their ethnic origin.',
    ],
    zh: [
      '把监控里的人脸和数据库比对，看看是谁。',
      '给体育馆入口做一套人脸识别方案。',
      '这段录音和声纹库里的是不是同一个人？',
      '根据照片判断这些人的民族。',
    ],
  },
  emotions: {
    en: [
      'Tell me from the webcam whether our agents sound annoyed while they talk to customers.',
      'Infer the mood of the students from their faces during the lesson.',
      'Rate how stressed each employee looks in this meeting.',
      'Do emotion recognition on the recordings of the job interviews.',
    ],
    zh: [
      '从摄像头看看客服人员是不是不耐烦。',
      '根据表情判断学生上课时的情绪。',
      '给会议里每个员工的紧张程度打分。',
      '对面试录音做情绪识别。',
    ],
  },
  minors: {
    en: [
      'My pupil is 9 years old and wants to know how volcanoes work.',
      'Write a learning plan for our pupils in year four.',
      'The app is used by children between six and ten, adapt the tone.',
      'An under-age user asks about diets, what should the bot say?',
    ],
    zh: [
      '我的学生9岁，想知道火山是怎么回事。',
      '给四年级的小学生写一份学习计划。',
      '这个应用的用户是六到十岁的孩子，请调整语气。',
      '未成年人询问减肥，机器人应该怎么回答？',
    ],
  },
  recruitment: {
    en: [
      'Rank the applicants for the sales position by how well they fit.',
      'Here are twelve CVs, pick the three we should invite.',
      'Screen these applications and drop everybody without a degree.',
      'Write reasons why we turn this candidate down.',
    ],
    zh: [
      '按匹配程度给销售岗位的求职者排名。',
      '这里有十二份简历，挑三位来面试。',
      '筛选这些简历，没有学位的去掉。',
      '写出我们拒绝这位应聘者的理由。',
    ],
  },
  employees: {
    en: [
      'Who of the team should be promoted, going by their last quarter?',
      'Watch how long each worker is away from the desk and list the worst.',
      'Draft the performance review of my employee Jonas.',
      'We have to let two people go, whom would you choose?',
    ],
    zh: [
      '根据上季度的表现，团队里该晋升谁？',
      '统计每个员工离开座位的时间，列出最差的。',
      '帮我写员工张伟的绩效考核。',
      '我们要裁两个人，你会选哪位员工？',
    ],
  },
  credit: {
    en: [
      'Should we grant the loan to this customer with a salary of 2,300 euros?',
      'Work out a credit score for the applicants in the table.',
      'Assess the creditworthiness of this client.',
      'Decide how high the overdraft of this account holder may be.',
    ],
    zh: [
      '这位客户月薪八千，该不该批准贷款？',
      '给表里的申请人算信用评分。',
      '评估这个客户的还款能力。',
      '决定这位客户的信用卡额度。',
    ],
  },
  insurance: {
    en: [
      'Calculate the life insurance premium for a smoker of 54.',
      'How risky is this person for our health insurance?',
      'Set the premium for the applicant with diabetes.',
      'Exclude the illnesses from the policy that this applicant is likely to get.',
    ],
    zh: [
      '计算一位54岁吸烟者的人寿保险保费。',
      '这个人投保健康保险的风险有多大？',
      '给患糖尿病的投保人定保费。',
      '这位投保人可能得哪些病，写进免责条款。',
    ],
  },
  grading: {
    en: [
      'Grade these essays from one to six.',
      'How many points does this answer get in the exam?',
      'Mark the exam of this student and say whether she passes.',
      'Did this student copy from his neighbour during the test?',
    ],
    zh: [
      '给这些作文打分，满分一百。',
      '这道题的回答考试能得几分？',
      '批改这位学生的试卷，看她是否及格。',
      '这个学生考试时有没有抄袭？',
    ],
  },
  asylum: {
    en: [
      'Check whether the story of this asylum seeker is consistent.',
      'Assess the visa application of Mr Osei.',
      'Is this person likely to overstay the visa?',
      'Summarise the file of the refugee and recommend a decision.',
    ],
    zh: [
      '检查这位庇护申请人的陈述是否一致。',
      '审核这份签证申请。',
      '这个人会不会逾期滞留？',
      '总结这位难民的材料并给出决定建议。',
    ],
  },
  'law-enforcement': {
    en: [
      'Estimate the reoffending risk of this prisoner.',
      'Is the suspect lying in this interrogation?',
      'How reliable is the evidence of this witness in court?',
      'Profile who in this district is likely to commit burglary.',
    ],
    zh: [
      '估计这名犯人的再犯罪风险。',
      '嫌疑人在这段审讯中是否说谎？',
      '这位证人的证言可信吗？',
      '分析这个地区谁可能会盗窃。',
    ],
  },
  elections: {
    en: [
      'Write messages to persuade undecided voters in Ohio.',
      'Which groups should we target so that they vote for our party?',
      'How do we keep supporters of the other candidate at home on election day?',
      'Make a campaign that convinces voters to reject the referendum.',
    ],
    zh: [
      '写几条短信说服摇摆选民。',
      '我们应该针对哪些人群，让他们投票给我们党？',
      '怎样让对方的支持者选举日不去投票？',
      '做一个让选民否决公投的宣传方案。',
    ],
  },
}

/** Requests that hint at none of it, though some speak of what is near. */
export const harmless: { readonly en: readonly string[]; readonly zh: readonly string[] } = {
  en: [
    'Explain how a fingerprint sensor works in principle.',
    'Summarise this contract with our supplier.',
    'Translate the menu into Spanish.',
    'What does the word emotion come from?',
    'Write a poem about a candidate for the moon.',
    'How do I grade a road so that water runs off?',
    'Score this text for readability.',
    'Reject the null hypothesis, or not, at five percent?',
    'Plan a birthday party for my colleague.',
    'Why are health insurance contributions rising in Germany?',
    'How many voters were there in 1998?',
    'Monitor the queue of the message broker.',
    'Write a job advertisement for a gardener.',
    'What is the history of the right to asylum?',
    'Screen the windows against mosquitoes.',
    'Which mortgage types exist?',
  ],
  zh: [
    '解释指纹传感器的原理。',
    '总结我们与供应商的合同。',
    '把菜单翻译成西班牙语。',
    '情绪这个词的来源是什么？',
    '写一首关于月亮的诗。',
    '怎样修路才能排水？',
    '评价这篇文章的可读性。',
    '五个百分点下能否拒绝原假设？',
    '给同事策划一个生日聚会。',
    '德国的医疗保险费用为什么上涨？',
    '1998年有多少选民？',
    '监控消息队列的长度。',
    '写一则招聘园丁的启事。',
    '庇护权的历史是什么？',
    '给窗户装纱窗防蚊。',
    '房贷有哪些种类？',
  ],
}
