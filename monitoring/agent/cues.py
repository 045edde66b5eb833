"""The words by which a question says what it wants: one table of patterns an intent, in the order they are tried.

Questions for a number, a list or the state, which need no such word, come after all of them (`intents`).
"""

from __future__ import annotations

from monitoring.agent.meaning_cues import DEFINE, HELP, INVENTORY, THRESHOLD, WHOM
from monitoring.agent.request import Intent

_FILL = (
    r"(?:hit|hits|reach|reaches|cross|crosses|exceed|exceeds|fill|fills|exhaust\w*|overflow\w*|touch|touches|pass"
    r"|passes"
    r"|breach|breaches|run out|runs out|max out|explode\w*|blow up|get full|become full|be full|get critical"
    r"|become critical"
    r"|go critical|oom)"
)
_FAILED = (
    r"(?:failed|broke|came|started|fell|went|alerted|fired|died|degraded|happened|began|stopped|slowed|complained"
    r"|suffered"
    r"|got \w+|was \w+|were \w+)"
)
_EACH = r"(?:another|others?|the next|each other|one another|the rest)"
_OTHERS = r"(?:other components?|each other|downstream|upstream|one another|the others?|kafka|flink|clickhouse)"

_NOT_FOR = "".join(
    rf"(?<!{verb}{article} )"
    for verb in ("numbers for", "figures for", "data for", "this for", "it for", "writing", "write", "preparing")
    for article in (" the", " a", " my", " our", "")
)
"""Not what a post-mortem says, but what somebody who writes one wants to know."""

RECALL = (
    r"\b(?:has|have|had|did|do|does|is|was|were)\b[^?]{0,60}\b(?:happen\w*|seen?|occur\w*|encounter\w*|experienc\w*"
    r"|come up|came up|had)\b[^?]{0,40}\b(?:before|previously|in the past|already|ever)\W*$",
    r"\b(?:has|have)\b[^?]{0,30}\bever (?:happen|seen|had|occur)\w*",
    r"\b(?:seen|had) (?:this|that|it|something|anything)\b[^?]{0,20}\b(?:before|earlier)\b",
    r"\bsimilar (?:\w+ ){0,2}(?:incidents?|outages?|cases?|problems?|failures?)\b"
    r"|\b(?:incidents?|outages?|cases?) (?:like|similar to) (?:this|that|it|these|the)\b|\blooks? familiar\b",
    rf"\b{_NOT_FOR}post[\s-]?mortems?\b|\brun ?books?\b|\bplay ?books?\b|\blessons? learn\w*"
    r"|\bpast incidents? (?:say|tell|teach)",
    r"\b(?:the|any|our|your|is there|are there) (?:documents?|documentation|docs|pdfs?)\b",
    r"^(?!\W*when\b).*\b(?:fix|help|solv|resolv|cause|mitigat|do|did|done)\w*\b.*\b(?:the )?last time\b"
    r"|^(?!\W*when\b).*\blast time\b.*\b(?:fix|help|solv|resolv|cause|mitigat|do|did|done)\w*\b",
    r"\bwhat (?:has |had |finally |actually )*(?:fixed|resolved|solved|mitigated|helped|cured|worked)\b",
    r"\bhow (?:was|were|did (?:we|you|they|the team|people)|have we|had we)\b.*\b(?:fix|solv|resolv|mitigat|recover"
    r"|deal|dealt|handl|repair|restor)\w*",
    r"\bwhat did (?:we|they|the team|people|the on-?call) (?:do|change|try|learn)\b",
)
"""What happened before and what helped then: asked of documents and of the incidents on record."""
LEAK = (r"\bleak(?:s|ing|age|y)?\b", r"\bmemory (?:is |keeps? )?(?:growing|creeping|climbing)\b")
FORECAST = (
    r"\bwhen will\b|\bwhen (?:do|does|would|is|are)\b.*\b(?:" + _FILL + r"|full)\b",
    r"\bhow (?:long|soon|much time|many (?:hours|days|weeks)) (?:until|till|before|left|do we have|will|can|is left"
    r"|remain\w*)\b",
    r"\b(?:if|when) (?:it|this|that|things?) (?:goes?|keeps?|continues?|carr(?:y|ies)|stays?|develops?)\b",
    r"\bat (?:this|the (?:current|present)|its (?:current|present)) (?:rate|pace|speed)\b",
    rf"\b(?:going|about|bound|likely|expected|set|due|on (?:course|track|the way)) to {_FILL}\b|\bgoing to (?:run"
    rf"|fill|be)\b",
    rf"\b(?:could|may|might|can|does|do|would|should)\b.*\b(?:{_FILL})\b(?=.*\b(?:today|tonight|tomorrow|soon|this"
    rf"|next|by|within"
    r"|in \d|at some point|ever|before)\b)",
    r"\brun(?:ning|s)? out\b|\bforecast|\bpredict|\bextrapolat\w*|\boutlook\b|\bfill(?:ing)? up\b|\bheadroom\b",
    r"\bproject(?:ed|ions?|ing)?\b(?! manager)|\bsustainable\b|\bcapacity (?:plan|forecast|left)\w*",
    r"\bwill\b.*\b(?:fill|full|exceed|reach|exhaust\w*|overflow|last|hit|cross|pass|breach|touch|suffice|hold"
    r"|max out|explode|run out"
    r"|be (?:enough|sufficient|critical|ok|too)|go (?:over|above|beyond|critical)|get (?:critical|worse)|become)\b",
    r"\btime (?:left|to full)\b|\btime until (?:it|the|we|full)\b|\b(?:days|hours|time) (?:left|remaining)\b"
    r"|\b(?:get|gets|getting|becomes?|be"
    r"|being) full\b",
    r"\b(?:danger|risk) of (?:running|filling|hitting|reaching|exceeding|overflow\w*|exhaust\w*|getting)\b",
    r"\bwhen (?:are|is|will|do)\b.*\bout of\b",
    r"\bneed (?:more|additional|bigger|extra|larger)\b|\bhow much longer\b|\bhow (?:full|high|big|large|much|many"
    r"|bad|low) will\b"
    r"|\b(?:issues?|problems?|trouble|shortages?|bottlenecks?) (?:coming up|ahead|to come|on the horizon)\b"
    r"|\bupcoming\b|\bestimat\w*\b|\bexpected time\b",
    r"\b(?:can|could|will|would|does)\b.*\b(?:hold|survive|cope|make it|get through|manage|suffice|last(?= (?:until"
    r"|till|through"
    r"|over|for|another)))\b.*\b(?:until|till|through|over|for|tonight|night|weekend|another|tomorrow)\b",
    r"\bwhen (?:it|the|our|any|\S+-\d)\b.*\b(?:reaches|hits|fills|exceeds|crosses|runs out)\b|\bwhen (?:is|are) "
    r"(?:the|our)"
    r"\b.*\b(?:disks?|storage)\b.*\bfull\b|\b(?:days|hours|weeks|time) (?:of \w+ )?(?:are |is )?left\b",
    r"\bwhere will\b|\bwhat will\b.*\b(?:be|look)\b|\b(?:enough|sufficient) (?:\w+ )?(?:disk|space|memory|room"
    r"|capacity|heap)\b",
)
ELSEWHERE = r"^\W*(?:(?:please|can you|could you|would you)\s+)*(?:translate|sing|recite|rhyme|cook|bake|buy|paint)\b"
"""What somebody wants done that has nothing to do with the platform."""
FUTURE = r"\b(?:will(?! you| u\b)|won't|going to|gonna|about to|is to|shall)\b"
"""Words of the future that make a question about a metric one for a forecast."""

COMPARE = (
    r"\bside by side\b|\b(?:next to|beside|alongside) (?:each other|one another)\b",
    r"\bbefore (?:and|/|vs) after\b|\bcompar|\bversus\b|\bvs\b|(?<!many )(?<!other )"
    r"\bdiffer(?:s|ence|ences|(?<!a differ)(?<!many differ)ent)?\b"
    r"|\b(?:week|day"
    r"|month) over (?:week|day|month)\b",
    r"\bthan (?:usual|normal|before|yesterday|today|last|earlier|on |in |at |around |this |an? (?:hour|day|week"
    r"|month|year)|\d+ ?(?:m|h|d|mins?|minutes?|hours?|hrs?|days?|weeks?|months?) (?:ago|earlier|before|back)\b"
    r"|(?:two|three|four|five|six|few|couple|half) |the (?:day|week|month|hour|previous|same|weekend|night|other"
    r"|average)|previous"
    r"|it (?:was|used)|they (?:were|used)|during|overnight|(?:mon|tues|wednes|thurs|fri|satur|sun)day)",
    r"\bunusual(?:ly)? (?:high|low|slow|many|much)\b|\brelative to\b",
    r"\bagainst (?:the )?(?:last|yesterday|the|day|week|month|hour|same|previous|monday|tuesday|wednesday|thursday"
    r"|friday)\b",
    r"\bas (?:high|low|bad|good|slow|fast|many|much|busy|full) as\b",
    r"\b(?:since|from) (?:yesterday|last week) to (?:today|this week)\b|\bhow (?:do|does|did)\b.*\bstack up\b",
)
ADVICE = (
    rf"\bwhat (?:should|shall|can|could|must|would) {WHOM}\b(?! (?:consider|call|regard|alert|warn))",
    rf"\bhow (?:do|can|should|would|could|to|might) (?:{WHOM} )?(?:fix|solve|resolve|mitigate|reduce|investigate"
    rf"|debug|address"
    r"|handle|deal|lower|stop|prevent|troubleshoot|get rid|improve|repair|recover|bring|diagnose|clear|avoid|tackle"
    r"|approach|speed|free)",
    r"\bwhat (?:can|could|should|must|might|would|needs to|has to|is to) be (?:done|checked|tried|looked at)\b",
    r"\b(?:first|next|best|main|important|obvious|usual) (?:things?|places?|points?|spots?|candidates?"
    r"|suspects?) (?:to (?:look|check|try|do|verify|inspect|investigate|start|see|consider|rule)|i|we"
    r"|you|one)\b|\b(?:things?|places?) to (?:check|look|try|start|verify|rule out)\b|\bwhere (?:would|might"
    r"|could) you\b",
    r"\bwhat to (?:do|check|look|try)\b|\b(?:next|first|initial|possible) (?:steps?|actions?|measures?|moves?)\b",
    r"\brecommend|\bremed(?:y|ies|iation)|\bsuggest|\btroubleshoot|\brunbook|\bplaybook|\badvi[cs]e\b|\bhow to\b"
    r"|\bfirst checks?\b",
    r"\bwhere (?:do|should|to|would|can|shall) (?:i |we |you )?(?:first )?(?:start|look|begin|dig|check|search)",
    rf"\b(?:what|which) (?:can |could |might |may |would |usually |typically |commonly "
    rf"|normally )*causes?\b(?! of the {_EACH})",
    r"\bwhat (?:usually|typically|normally|commonly|often|generally|mostly) (?:make|cause|lead|drive|slow|break"
    r"|trigger|push"
    r"|bring|block|stop)\w*\b|\busual suspects?\b",
    r"\b(?:likely|possible|common|typical|usual|potential) (?:causes?|reasons?|culprits?|explanations?)\b"
    r"|\bwhat do (?:i|we) do\b",
    r"\bwhat (?:needs|has) to be (?:done|checked|fixed)\b|\bany (?:ideas?|tips?|hints?|advice)\b|\bwhat(?:'s"
    r"| is) the (?:fix|remedy|cure)\b"
    r"|\bwhat now\b|\bwhat helps\b|\bwhat would you (?:do|check|look)\b|\bwhat(?:'s| is) (?:best|most urgent"
    r"|the priority)\b",
)
SILENT = (
    r"\bsilent\b|\bno data\b|\bnot (?:been )?(?:report|send|sending)|\bstopped (?:report|send|emit|arriv|deliver)",
    r"\b(?:missing|stale|absent|lost) (?:data|metrics?|series|samples?|instances?|collectors?)\b|\bcollectors?\b"
    r"|\bgaps? in\b",
    r"\bhow (?:fresh|old|recent|current|up to date) (?:is|are) your (?:data|figures|metrics|numbers)\b",
    r"\blast (?:sample|data)\b|\bscrap(?:e|ing)\b|\bgone (?:quiet|silent|dark)\b|\bquiet\b",
    r"\b(?:is|are)\b.*\b(?:data|metrics|samples)\b.*\b(?:missing|arriving|coming|stale|fresh|flowing|reporting)\b",
)
SINCE = (
    r"^\W*(?:and\s+)?what (?:came |failed |broke |happened |was |went |started )?first\W*$",
    r"^when\W*$|\bsince (?:when|what time|which time)\b|\bfrom when\b|\bwhen (?:exactly )?(?:did|was|were|has"
    r"|have)\b|\bwhat time\b(?! is it)|\bstarted when\b",
    r"\b(?:for )?how long (?:has|have|is|was|were|did|ago|does|are|already)\b(?! [^,]*\btakes?\b)"
    r"|\bfor how long\b|\bhow old\b|\bhow long did (?:it|this|that|they|the (?:\w+ )?(?:incident|outage|problem|issue))"
    r" (?:take|last|go on|persist|continue)\b"
    r"|\bfirst (?:seen|started|noticed|detected)\b",
    rf"\b(?:which|what|who) (?:\w+ ){{0,4}}?{_FAILED}(?: \w+){{0,2}} first\b|\bwhat was the first\b"
    rf"|\bwhere did it first\b",
    r"\bfirst (?:to (?:fail|go|break|alert|fire|fall|degrade|suffer)|(?:problem|anomaly|sign|symptom|failure|alert"
    r"|issue|thing|component)\b)",
    r"\bwhen (?:\w+ ){0,4}(?:start|began|begin|begun)\w*\b|\b(?:begin|start|onset) (?:time|of the (?:problem"
    r"|incident|trouble|issue))\b",
)
CASCADE = (
    r"\bcascad|\bcross[\s-]*component|\bchain (?:reaction|of|failures?)|\b(?:failure|incident) chains?\b"
    r"|\bspread(?:ing)?\b|\bpropagat",
    r"\bknock[\s-]on\b|\bdomino|\bcorrelat|\bnetwork (?:partition|split)|\bpartitioned\b|\bresource exhaustion\b"
    r"|\bripple",
    rf"\b(?:caus|trigger|led|lead|result|provok|bring|brought|affect|pull|drag|infect)\w*\b.*\b{_EACH}\b",
    r"\b(?:are|is|were|was|be)\b.*\b(?:related|connected|linked|associated|tied|dependent|correlated)\b|\b(?:link"
    r"|connection|relation"
    r"|relationship) between\b",
    r"\bbecause of (?:the )?(?:kafka|flink|clickhouse|each)\b|\b(?:due to|caused by|triggered by|comes? from"
    r"|originat\w+|result of"
    r"|consequence of|side[\s-]effect of|fault of|blame) (?:\w+ ){0,2}(?:kafka|flink|clickhouse)\b",
    r"\b(?:kafka|flink|clickhouse)\b.*\b(?:cause|caused|causing|blame|culprit|at fault|responsible"
    r"|trigger\w*)\b.*\b(?:kafka|flink|clickhouse)\b",
    r"\b(?:same|common|shared|single|one) (?:root[\s-]?)?(?:cause|origin|incident|root)\b|\bblast radius\b",
    rf"\b(?:affect|impact|influenc|hurt|drag|infect)\w*\b.*\b{_OTHERS}\b|\bimpact(?:ed)? (?:of|on|from)\b",
    r"\bwhere did (?:it|this|that|everything|the \w+) (?:all )?(?:start|begin|originate|come from)\b|\b(?:up"
    r"|down)stream (?:effect|impact"
    r"|cause|problem|failure)s?\b|\bdo(?:es)? (?:\w+ ){1,4}have to do with\b|\bfollow[\s-]?on\b|\bwhat came first\b"
    r"|\bsequence of (?:events|failures)\b",
    r"\bwhat (?:else )?(?:did|does|has|is|was) .*\b(?:affect|affected|break|hit|touch|impact|impacted)\b"
    r"|\baffected by\b",
    r"\b(?:who|what|which|any(?:one|thing|body|where)|where) else\b.*\b(?:suffer|affect|hit|touch|feel|felt|notice"
    r"|impact"
    r"|involved|hurt|drag|dragged|trouble)\w*|\bhow far (?:has|did|does|have)\b.*\b(?:reach|spread|go|gone|get|got"
    r"|travel|"
    r"extend)\w*|\b(?:suffer|suffers|suffering) (?:too|as well|from (?:it|that|this))\b",
    r"\b(?:was|were|is|are)\b.*\b(?:kafka|flink|clickhouse)\b.*\b(?:involved|part of (?:it|that|this))\b"
    r"|\bcontribut\w+\b|\bplay(?:s|ed)? (?:a|any) (?:part|role)\b",
    r"\b(?:kafka|flink|clickhouse)\b.*\b(?:reach|spill|bleed|hit|get|got|gotten|made it|jump)\w*(?: over| on"
    r"| through| all the"
    r" way)*(?: (?:to|into|onto))?(?: the)? (?:kafka|flink|clickhouse)\b",
    r"\b(?:cause|culprit|source|origin|reason|perpetrator) or (?:just |only |a |the )*(?:victim|effect|symptom"
    r"|consequence|result)"
    r"|\bvictims?\b|\bone (?:\w+ )?(?:problem|issue|incident|cause|fault)\b.*\bor (?:several|many|more|two|multiple"
    r"|different"
    r"|various)\b",
    r"\b(?:is|are|was|were)\b.*\b(?:consequence|result|effect|symptom) of\b|\bwhat (?:did|does|has"
    r"|have)\b.*\b(?:lead to"
    r"|led to|result in|resulted in|bring about|trigger(?:ed)?)\W*$",
    r"\brelated (?:incidents|failures)\b|\bsystem[\s-]*wide (?:fail|incident|outage)|\bmulti[\s-]*component\b"
    r"|\bend[\s-]to[\s-]end (?:fail"
    r"|incident|problem)|\bisolated (?:or|incident)\b|\bacross (?:the )?components\b|\bwho(?:'s| is) to blame\b"
    r"|\bwhat (?:did|does) it affect\b",
)
WHY = (r"^why\W*$|\bwhy (?:is|are|was|were|did|does|do|has|have|so|the|all|only|am)\b|\bwhy\b|\bhow come\b|\bhow so\b",)
DIAGNOSE = (
    r"\broot[\s-]causes?\b|\bcaused\b|\bcausing\b|\bcaused by\b|\bwhat causes\b|\bwhat(?:'s| is) causing\b"
    r"|\bwhat(?:'s| is| was) behind\b",
    r"\bwhat(?:'s| is| was| were| are) (?:the |its |their )?(?:actual |real |true |likely |underlying )*(?:cause"
    r"|reason|culprit"
    r"|trigger|origin)s?\b",
    r"\bwrong with\b|\bwhat(?:'s| is)(?: currently)? wrong\b|\banything wrong\b|\bwhat else is wrong\b|\bwhat broke\b",
    r"\breasons? (?:for|of|why)\b|\binvestigate\b|\bdiagnos|\bgoing on\b|\bmatter with\b|\bdeep dive\b|\bdrill\b",
    r"\bwhat(?:'s| is) up with\b|\bwhat(?:'s| is) (?:broken|happening)\b|\bexplain\b|\bwhat(?:'s"
    r"| is) (?:the )?(?:problem|issue|trouble|deal)"
    r" (?:with|in|on)\b|\bproblems? (?:is|are)? ?(?:with|in|on|at)\b(?=.*\bwhat\b)|\bis to blame\b|\bculprit\b"
    r"|\bwhat (?:has )?(?:triggered|started|provoked|led to|set off|brought|made)\b",
)
TREND = (
    r"\bcatching up\b|\btrend|\bover time\b|\bgraph|\bchart|\bplot|\bsparkline|\bcurve\b|\bhistor(?:y|ic|ical)\b"
    r"|\btime ?series\b"
    r"|\btimeline of\b",
    r"\bevol(?:ve|ved|ving|ution)\b|\bdevelop(?:ed|ing|ment|s)?\b|\bprogress|\bbehav(?:e|ed|iou?r|ing)\b|\bchang(?:e"
    r"|ed|ing|es)\b",
    r"\b(?:ris(?:e|es|ing|en)|rose|fall(?:s|ing|en)?|fell)\b|\bincreas|\bdecreas|\bgr[eo]w(?:s|ing|th|n)?\b|\bclimb"
    r"|\bdrop(?:ped|ping|s)?\b|\bshrink",
    r"\b(?:go|goes|going|went|gone|come|came|coming|move|moved|moving|shot|shoot\w*|creep\w*|crept"
    r"|head\w*) (?:\w+ )?(?:up|down|higher|lower"
    r"|upwards?|downwards?)\b|\b(?:up|down)ward\b",
    r"\bgetting (?:any |much |a bit |even )?(?:worse|better|slower|faster|higher|lower|bigger|smaller|larger"
    r"|longer)\b|\bworsen|\bimprov"
    r"|\bany (?:better|worse|higher|lower|slower|faster)\b",
    r"\bbecom(?:e|es|ing)\b|\b(?:more and more|less and less|more frequent|more often|rarer|less often)\b",
    r"\bspik(?:e|ed|es|ing)\b|\bjump(?:ed|s|ing)?\b|\b(?:doubled|tripled|halved)\b|\brecover\w*\b|\bback to normal\b"
    r"|\bsurg(?:e|ed|ing)\b"
    r"|\bplummet|\bescalat|\bdeteriorat|\bpeak(?:ed|ing)\b",
    r"\b(?:better or worse|worse or better|higher or lower|up or down)\b"
    r"|^\W*(?:(?:so|and|is it|is that|ok)\W+)*(?:better|worse|higher|lower)(?: now| by now| today)?\W*$",
    r"\b(?:stable|steady|constant|flat|fluctuat\w*|volatile|stagnat\w*)\b|\bdid\b.*\b(?:move|behave)\b"
    r"|\bhow (?:did|has|have)\b.*\b(?:moved?|looked?|evolved?)\b",
)

CUES: tuple[tuple[Intent, tuple[str, ...]], ...] = (
    ("help", HELP),
    ("recall", RECALL),
    ("threshold", THRESHOLD),
    ("inventory", INVENTORY),
    ("define", DEFINE),
    ("leak", LEAK),
    ("forecast", FORECAST),
    ("compare", COMPARE),
    ("advice", ADVICE),
    ("silent", SILENT),
    ("since", SINCE),
    ("cascade", CASCADE),
    ("diagnose", WHY),
    ("diagnose", DIAGNOSE),
    ("trend", TREND),
)
INTENT_CUES: tuple[tuple[Intent, str], ...] = tuple((intent, "|".join(patterns)) for intent, patterns in CUES)
"""Intents in the order in which they are tried."""
