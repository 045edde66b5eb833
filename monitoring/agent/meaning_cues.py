"""The words of questions that the catalogue answers by itself: what something means, its limits, what there is."""

from __future__ import annotations

WHOM = r"(?:i|we|one|you)"
_MUCH = r"(?:many|much|high|low|long|old|large|big|full|slow|few|little|fast|far)"
_FINE = (
    r"(?:too (?:many|much|high|low|long|large|big|full|slow|old|few)|normal|ok(?:ay)?|acceptable|allowed|tolerable"
    r"|healthy"
    r"|usual|typical|permitted|a lot|excessive|safe|reasonable|fine|expected)"
)
_BAD = r"(?:critical|bad|a warning|a problem|problematic|alarming|dangerous|worrying|serious|severe|red|high)"
_DECIDE = (
    r"(?:consider|regard|treat|call|count|tolerate|accept|allow|worry|warn(?:ing)?|alert|alarm|fire|complain|page"
    r"|notify|raise"
    r"|flag|trigger|get nervous|get worried)"
)
HELP = (
    r"^(?:please |can you )*(?:help|commands|usage|menu|\?+)\W*$",
    r"\bwhat (?:can|could) (?:you|i|we)\b(?!.*\bdo about\b)",
    r"\bwhat (?:else )?(?:do you|are you able to) (?:do|know|offer)\b",
    r"\bwhat are you(?: able)?\b",
    r"\bwho (?:are|made|built|wrote) you\b",
    r"\bhow (?:do|can|should) i use\b",
    r"\bare you (?:an? |the )?(?:robot|bot|human|person|ai|llm|machine|real|chatgpt|gpt|alive|there)\b|\bgood bot\b"
    r"|^\W*you there\W*$|\bwhat (?:should|may|shall) i ask\b",
    r"\bdo you (?:speak|understand) (?:german|english|french|spanish|italian|dutch|polish|other languages?|my "
    r"language)\b",
    r"\bcan (?:i|we) (?:trust|rely on) you\b|\bwhere (?:do|does) (?:your|the|this) (?:data|figures|numbers"
    r"|info\w*) come from\b",
    r"\bhow (?:do you|does this) work\b|\bhow are you\b",
    r"\bkinds? of questions?\b|\bwhat questions\b|\bwhich questions\b",
    r"\bquestions? (?:can|could|may|should|do) (?:i|you|we) (?:ask|answer|understand)\b|\bquestions? i (?:can|could"
    r"|may) ask\b",
    r"\b(?:example|sample) (?:questions?|quer(?:y|ies))\b",
    r"^(?:(?:give|show)(?: me)? )?(?:some |an )?examples?(?: please)?\W*$",
    r"\bthings (?:can|could|may|should) i ask\b|\bintroduce yourself\b|\bshow me what you can\b|\bwhat else can\b",
    r"\byour (?:capabilities|features|skills|purpose|functions|abilities|limits)\b",
    r"\b(?:can|could) you help(?: me)?\W*$|\bhow (?:can|could) you help\b"
    r"|^(?:i )?(?:need )?(?:some )?help(?: me)?(?: please)?\W*$",
    r"^(?:hi|hello|hey|good (?:morning|afternoon|evening|day)|thanks|thank you|many thanks|thx|cheers|ok(?:ay)?"
    r"|great|cool"
    r"|got it|nice|perfect|alright|bye|goodbye|see you|never ?mind|well done|good job)\b"
    r"(?:[\s,!.]+(?:thanks?|thank you|thx|cheers|great|cool|good|there|all|team|again|a lot|so much|very much|you"
    r"|then|for (?:the|your) help|that helps|job))*[\s!.,]*$",
)
THRESHOLD = (
    r"\bwhat would (?:an? |be |the |you )*.*\b(?:normal|healthy|good|typical|ok(?:ay)?|acceptable|reasonable|safe)\b",
    r"\bfrom when(?: on)? (?:is|are|does|do|would)\b|\bhow long (?:must|should|does|do|has|have|can|may"
    r"|will)\b.*\b(?:before"
    r"|until|till) (?:you|i|we|it|anyone|somebody|someone|an alert)\b.*",
    r"(?<!above )(?<!over )(?<!beyond )(?<!the warning )(?<!the critical )(?<!above the )(?<!over the )(?<!beyond the )"
    r"\bthresholds?\b",
    r"\bat (?:what|which) (?:level|value|point)\b",
    rf"\b(?:at|from|above|below|beyond) (?:what|which|how)\b.*\b(?:{_DECIDE}|{_BAD})\b",
    r"\balert(?:ing)? (?:levels?|rules?|limits?|conditions?)\b|\b(?:limits?|levels?) (?:for|of)\b(?! \w+ (?:hit"
    r"|reached))",
    r"\bwhen (?:do|does|would|will|is|are|should)\b.*\b(?:alert|fire|warn|become critical|considered|trigger"
    r"|go critical"
    r"|turn critical|get critical|turn red|go red|notify|page)\b",
    r"\bwhen (?:is|are|does|do|would|should)\b.*\b(?:critical|a warning|too (?:high|low|many|much|big|long|slow|old"
    r"|full)"
    r"|a problem|alarm\w*|problematic|concern\w*|worrying|dangerous)\b",
    rf"\bwhen (?:do|would|should|will) {WHOM} {_DECIDE}\b",
    r"\bwhat counts as\b|\bconsidered (?:bad|critical|high|low|slow|too high|normal|ok|healthy)\b",
    rf"\bhow {_MUCH}\b.*\b(?:is|are|counts? as|would be|becomes?)(?: (?:still|already|considered|deemed|about"
    rf"|just))* {_FINE}\b",
    rf"\bhow {_MUCH}\b.*\b(?:is|counts? as|becomes?)(?: (?:still|already|considered|deemed))* {_BAD}\b",
    rf"\bhow {_MUCH}\b.*\b(?:may|can|should|must|is allowed to)\b.*\b(?:be|get|take|grow|become|rise)\b",
    rf"\b(?:what|which|how)\b.*\b(?:would|do|should|will) {WHOM} {_DECIDE}\b",
    rf"\b(?:what|which) (?:value|level|number|amount|percentage|size|figure|limit|rate)s?\b.*\b(?:{_BAD}|{_FINE}"
    rf"|warning)\b",
    r"\b(?:max(?:imum)?|highest|lowest|min(?:imum)?) (?:allowed|acceptable|permitted|tolerable|healthy|normal)\b",
    r"\b(?:alarm|alert|warning|warn|critical|trigger) (?:level|limit|value|line|bound|boundar(?:y|ies)|mark|setting"
    r"|condition|criteri(?:a|on))s?\b",
    r"\bwhat(?:'s| is| are| would be)(?: considered)? (?:a |an |the )?(?:normal|healthy|good|typical|acceptable"
    r"|usual|safe"
    r"|reasonable|ok|tolerable)\b(?! (?:causes?|reasons?|culprits?|explanations?))",
    r"\bnormal (?:range|values?|levels?)\b",
    r"\b(?:what|which|where|how high)(?:'s| is| are| was| lies| would be)? (?:the|its|their|that|our)"
    r" (?:\w+ ){0,2}?(?:limits?|bounds?|cut-?offs?|ceilings?)\b(?! (?:reached|hit|exceeded))",
    r"\bwhat (?:would (?:make|trigger)|triggers|raises|sets off|makes)\b.*\b(?:critical|warnings?|alerts?|alarms?"
    r"|red)\b",
    r"\b(?:what|which|how)\b.*\b(?:triggers?|raises?|sets? off|fires?|causes?|counts? as|means?|makes?|leads? to)"
    r" (?:an? |the )(?:critical|warning|alert|alarm)\b",
    r"\blimits? (?:do|are) (?:you|set|there|configured|defined)\b|\bhow do you (?:decide|know|judge|determine)\b",
    r"^\W*(?:is|are) \d[\d.,]*\s*\S+.*\b(?:a lot|much|many|high|low|ok(?:ay)?|normal|bad|critical|fine|acceptable"
    r"|healthy"
    r"|a problem|too \w+|good|slow|long)\W*$",
)
INVENTORY = (
    r"\b(?:which|what|list|show)\b(?: me)?(?: all)?(?: of)?(?: the| your)? (?:[a-z]+ )?(?:metrics|series|instances"
    r"|components"
    r"|figures)\b(?:.*\b(?:do you|are (?:there|monitored|available|watched|collected|you|known)|can you|exist|known"
    r"|know|have"
    r"|supported)\b|\W*$)",
    r"\b(?:which|what|list|show)\b(?: me)?(?: all)?(?: of)?(?: the| your)? (?:[a-z]+ )?(?:brokers|jobs|topics|tables"
    r"|nodes|consumer groups"
    r"|taskmanagers)\b.*\b(?:do you (?:know|see|watch|monitor|have)|are (?:there|monitored|watched|known)|exist)\b",
    r"\bhow many (?:[a-z]+ )?(?:metrics|components) (?:do|are|can)\b",
    r"\bwhat (?:do|can) you (?:monitor|watch|measure|track|see|collect|detect)\b",
    r"\b(?:what|which) (?:kinds?|types?|sorts?) of (?:anomal\w+|problems?|issues?|faults?) (?:do|can) you\b"
    r"|\bhow (?:do|can) you (?:detect|find|recogni[sz]e|spot)\b|\bwhich components do you\b",
)
DEFINE = (
    r"^[^?]+[:;,-]\s*(?:what|what's|whats)(?:'s| is| are)?(?: (?:it|that|this|they|those))(?: (?:exactly|again|even|all"
    r" about))*\W*$",
    r"\b(?:in|with) (?:plain|simple|other|your own|easy|layman'?s|non[\s-]?technical|human|few|two|three"
    r"|a few) (?:words|terms"
    r"|language|english|sentences?)\b(?!.*\b(?:going on|happen\w*|wrong|status|today|yesterday|last|right now)\b)",
    r"\bfor (?:dummies|beginners|newbies|a (?:beginner|layman|newbie|child|manager))\b|\blike i'?m (?:five|5)\b",
    r"^\W*(?:is|are) (?:an? |the )?(?:very |too |really )?(?:high|low|large|small|big|long|short|rising|growing|falling"
    r"|increasing|decreasing|increased|higher|lower|many|few|much) (?!in\b|on\b|for\b|at\b|now\b|again\b).*\b(?:good"
    r"|bad"
    r"|better|worse|dangerous|harmful|ok(?:ay)?|fine|a problem|problematic|desirable|healthy|an issue|critical"
    r"|normal)\b",
    r"\bwhat (?:happens|would happen|will happen) (?:if|when|once)\b|^\W*(?:so |and )?what if\b|\b(?:consequences"
    r"|implications?)"
    r" of\b",
    r"\b(?:what|which) units?\b|\bhow (?:do|does|would|can) (?:you|one|we|it|kafka|flink|clickhouse) (?:measure"
    r"|calculate"
    r"|compute|define|derive|come up with)\b",
    r"\bwhat (?:do|did) you mean (?:by|with)\b|\bwhat(?:'s| is) (?:so )?(?:bad|wrong|special|important|interesting"
    r"|dangerous)"
    r" about\b",
    r"\b(?:what|which)\b.*\b(?:mean|means|meant|stand for|stands for)\b",
    r"\bwhat (?:do|does|did|can|is|would)\b(?! you\b).*\b(?:tell|say|measure|measures|measured|indicate|indicates"
    r"|express"
    r"|represent|represents|describe|describes|denote|denotes|signify|signifies|good for|all about|about|count"
    r"|counts)\b(?: me"
    r"| us)?\W*$",
    r"\bdefin(?:e|ition|itions)\b|\bmeaning\b|\beli5\b|\bhelp me understand\b|\bwhat exactly (?:is|are)\b"
    r"(?! (?:wrong|going|happening|broken|up\b|the (?:problem|matter|cause|issue|trouble|status|state)))",
    r"\bhow (?:is|are)\b.*\b(?:measured|calculated|computed|defined|derived)\b",
    r"\bexplain (?:what|the (?:metric|term|word|concept)|me what|to me what)\b|\bdescribe (?:the metric|what)\b",
    r"\b(?:don't|do not|didn't|never) (?:understand|know|get) (?:what|the (?:term|metric|meaning))\b",
    r"\bwhat(?:'s| is) the (?:purpose|point|role|use|idea|concept|meaning|significance) (?:of|behind)\b",
    r"\bwhy (?:does|do|should)\b.*\bmatter\b|\btell me about the (?:metric|term|figure)\b|\bwhat kind of (?:metric"
    r"|thing|figure)\b",
    r"\b(?:tell me|know|wonder(?:ing)?|understand|learn)\s+what (?:an? )?\S+(?: \S+){0,3} (?:is|are|does|do)\W*$",
    r"^\W*(?:what is|what's|whats|what are) an? \S+(?: \S+){0,3}\W*$",
    r"^\W*(?:what is|what's|what are) (?:\S+ ){1,4}exactly\W*$",
    r"(?:^|[,:;.!]\s*)(?:what is|what's|whats|what are|wtf is|wth is) an? \S+(?: \S+){0,3}\W*$",
    r"\bwhat (?:is|are) (?:that|this|those|these)\W*$|\bshould (?:i|we|one) care\b|\bwhat(?:'s| is| are) meant by\b",
    r"\bwhat kind of (?:incident|anomaly|problem|failure|fault)\b.*\b(?:is|are) (?:an? )?\w+",
)
