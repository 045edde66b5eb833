"""The words of questions that the catalogue does not hold: components, abbreviations, intents.

What metrics are called stands in the catalogue (`Metric.short`, `aliases`, `topics`), not here.
"""

from __future__ import annotations

from monitoring.agent.request import Intent


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


COMPONENT_WORDS: dict[str, tuple[str, ...]] = {
    "kafka": ("kafka", "kafkas", "kafka's"),
    "flink": ("flink", "flink's"),
    "clickhouse": ("clickhouse", "ch", "clickhouse's", "clickhouses"),
}

IMPLIED_COMPONENTS: dict[str, str] = {
    r"\b(?:brokers?|consumers?|consumer groups?|producers?|topics?|kraft)\b": "kafka",
    r"\b(?:jobs?|taskmanagers?|jobmanagers?|checkpoints?|savepoints?|operators?|stream processing)\b": "flink",
    r"\b(?:merges?|mergetree|materiali[sz]ed views?|shards?|tables?)\b": "clickhouse",
}
"""Words that stand for a component where none is named and no metric was recognised."""

ABBREVIATIONS: dict[str, str] = {
    "urp": "under replicated partitions",
    "urps": "under replicated partitions",
    "tm": "taskmanager",
    "tms": "taskmanagers",
    "jm": "jobmanager",
    "ckpt": "checkpoint",
    "ckpts": "checkpoints",
    "chkpt": "checkpoint",
    "chkpoint": "checkpoint",
    "cp": "checkpoint",
    "bp": "backpressure",
    "mem": "memory",
    "repl": "replication",
    "lat": "latency",
    "cg": "consumer group",
    "zk": "zookeeper",
    "perf": "performance",
    "crit": "critical",
    "crits": "critical",
    "warn": "warning",
    "warns": "warnings",
    "sev1": "critical",
    "p1": "critical",
    "vs.": "vs",
    "pls": "please",
    "plz": "please",
    "whats": "what's",
    "hows": "how's",
    "wats": "what's",
    "wat": "what",
    "u": "you",
    "r": "are",
    "hrs": "hours",
    "wrt": "with",
    "stat": "status",
    "stats": "status",
    "prev": "previous",
    "avg": "average",
    "tput": "throughput",
    "wow": "week over week",
    "dod": "day over day",
}

CANONICAL: tuple[tuple[str, str], ...] = (
    (r"\bback[\s-]*pressure", "backpressure"),
    (r"\btask[\s-]*manager", "taskmanager"),
    (r"\bjob[\s-]*manager", "jobmanager"),
    (r"\bcheck[\s-]point", "checkpoint"),
    (r"\bclick[\s-]+house", "clickhouse"),
    (r"\bthrough[\s-]+put", "throughput"),
    (r"\bin[\s-]sync\b", "insync"),
    (r"\bread[\s-]only\b", "readonly"),
    (r"\bover[\s-]night\b", "overnight"),
    (r"\bdash[\s-]board", "dashboard"),
    (r"['’]", "'"),
)
"""Spellings made one before anything is compared, in questions and in the catalogue's names alike."""

WIDER_SUBJECTS: dict[str, tuple[str, ...]] = {
    "checkpoint fail": ("failed_checkpoint_rate", "checkpoint_age", "checkpoint_duration"),
    "fail checkpoint": ("failed_checkpoint_rate", "checkpoint_age", "checkpoint_duration"),
}
"""Troubles that show in more metrics than the one that carries their name (stems of the words)."""

GENERIC_ALIASES = frozenset({"error", "pending", "busy"})
"""Catalogue aliases and topics (stems) too general to be taken for a metric unless something else points to it."""

COUNTED_THINGS = frozenset({"broker", "taskmanager", "worker", "controller"})
"""Aliases (stems) that name things rather than a figure; they mean the figure in a question for a number."""

NUMBER_CUES = r"\b(?:how many|count|number of|lost|missing|down|alive|live|registered|available|gone|died|dead|left)\b"

EVENT_NOUN = (
    r"(?:anomal(?:y|ies|ous)|issues?|incidents?|problems?|alerts?|alarms?|events?|errors?|warnings?|criticals?|faults?"
    r"|failures?|outages?|troubles?|spikes?|loops?|occurr?ences?|occurr?ed|times|happened|fired|trigger(?:ed"
    r"|s)?|breach(?:es|ed)?)"
)

FOREIGN_SYSTEMS = _words(
    """
    redis postgres postgresql mysql mariadb mongodb mongo elasticsearch elastic opensearch spark cassandra rabbitmq
    kubernetes k8s airflow snowflake bigquery nginx hadoop hdfs druid pinot pulsar kinesis dynamodb oracle mssql
    docker jenkins grafana prometheus nifi trino presto hive influxdb memcached vault consul etcd istio aws azure
    gcp lambda s3 weather bitcoin stock football
    """
)

ACTION = (
    r"(?:restart|reboot|kill|terminate|shut\s*down|shutdown|delete|drop|truncate|remove|purge|wipe|erase|scale"
    r"|rebalance"
    r"|reassign|deploy|redeploy|roll\s*back|rollback|upgrade|alter|create|insert|update|change|modify|set"
    r"|disable|enable"
    r"|stop|start|pause|resume|cancel|trigger|increase|decrease|raise|lower|reset|flush|move|acknowledge|ack|silence"
    r"|mute|snooze|fix|repair|resolve|clear|run|execute|send|email|page|notify|configure|add|detach|optimi[sz]e)"
)
ACTION_REQUEST = (
    rf"^(?:(?:hey|hi|ok|okay|please|now|just|then|and|so)[\s,]+)*(?:(?:can|could|would|will)\s+you\s+(?:please\s+)?"
    rf"|i\s+(?:want|need|would like)\s+you\s+to\s+|go ahead and\s+|you (?:must|should)\s+|let'?s\s+|please\s+)?"
    rf"{ACTION}\s+(?:(?:the|all|my|our|this|that|these|those|a|an|every|each|down|up|it|them|one|two|some|any|table"
    rf"|database|partitions?|topics?|brokers?|jobs?|taskmanagers?|nodes?|replicas?|kafka|flink|clickhouse|ch|alerts?"
    rf"|anomal(?:y|ies)|incidents?|sql|commands?|query|queries|data|monitoring|[\w-]*\d[\w./-]*)\b)"
    rf"(?!\s+(?:rate|rates|loops?|counts?|trend)\b)"
)
SQL = (
    r"\bselect\b.+\bfrom\b|\binsert\s+into\b|\bdelete\s+from\b|\bdrop\s+(?:table|database|schema|view)\b"
    r"|\bupdate\s+\w+\s+set\b|\balter\s+table\b|\btruncate\s+(?:table\s+)?\w+|\bunion\s+(?:all\s+)?select\b"
    r"|;\s*--|\bgrant\s+\w+\s+on\b"
)
MANIPULATION = (
    r"\b(?:ignore|disregard|forget|override|bypass)\b.{0,30}\b(?:instructions?|rules?|prompts?|guidelines?"
    r"|restrictions?|everything above|previous)\b"
    r"|\b(?:system|initial|hidden|secret)\s+(?:prompt|instructions?|message)\b"
    r"|\b(?:api|secret|private|access)[\s_-]*(?:keys?|tokens?)\b|\bpasswords?\b|\bcredentials?\b"
    r"|\benvironment variables?\b|\b(?:print|show|reveal|give|tell|what is|what's|dump)\b.{0,20}\b(?:your"
    r"|the)\b.{0,12}\b(?:keys?|secrets?|prompt|instructions?|config(?:uration)?)\b"
    r"|\byou are now\b|\bpretend\b|\bjailbreak|\bdeveloper mode\b|\brole[- ]?play|\bact as\b"
)

_WHOM = r"(?:i|we|one|you)"
INTENT_CUES: tuple[tuple[Intent, str], ...] = (
    (
        "help",
        r"^(?:help|commands|usage|menu|\?+)\W*$|\bwhat (?:can|could) (?:you|i|we)\b(?!.*\bdo about\b)|\bwhat "
        r"do you (?:do|know)\b"
        r"|\bwho are you\b|\bwhat are you\b|\bhow (?:do|can) i use\b|\bhow does this work\b|\bkinds? of questions?\b"
        r"|\bwhat questions\b|^(?:hi|hello|hey|good (?:morning|afternoon|evening)|thanks|thank you|cheers)\b[\s!.,]*$",
    ),
    (
        "threshold",
        r"(?<!above )(?<!over )(?<!beyond )(?<!the warning )(?<!the critical )\bthresholds?\b|\bat (?:what"
        r"|which) (?:level|value|point)\b"
        r"|\balert(?:ing)? (?:levels?|rules?|limits?|conditions?)\b|\b(?:limits?|levels?) (?:for|of)\b.*"
        r"|\bwhen (?:do|does|would|will|is)\b.*\b(?:alert|fire|warn|become critical|considered|trigger)"
        r"|\bwhat counts as\b|\bconsidered (?:bad|critical|high|too high|normal|ok|healthy)\b|\bnormal "
        r"(?:range|values?|levels?)\b|\bwhat(?:'s| is) normal\b",
    ),
    (
        "inventory",
        r"\b(?:which|what|list|show)\b(?: me)?(?: all)?(?: of)?(?: the| your)? (?:[a-z]+ )?(?:metrics|series"
        r"|instances|components|figures)\b"
        r"(?:.*\b(?:do you|are (?:there|monitored|available|watched|collected|you)|can you|exist|known|know"
        r"|have|supported)\b|\W*$)"
        r"|\bhow many (?:[a-z]+ )?(?:metrics|components) (?:do|are|can)\b|\bwhat (?:do|can) you (?:monitor"
        r"|watch|measure|track|see)\b",
    ),
    (
        "define",
        r"\b(?:what|which)\b.*\b(?:mean|means|meant|stand for|stands for)\b|\bdefin(?:e|ition|itions)\b|\bmeaning of\b"
        r"|\bexplain (?:what|the (?:metric|term)|me what|to me what)\b|\bdescribe (?:the metric|what)\b",
    ),
    ("leak", r"\bleak(?:s|ing|age|y)?\b|\bmemory (?:is |keeps? )?(?:growing|creeping|climbing)\b"),
    (
        "forecast",
        r"\bwhen will\b|\bhow (?:long|soon|much time) (?:until|till|before|left|do we have|will)\b"
        r"|\brun(?:ning|s)? out\b|\bforecast|\bpredict"
        r"|\bwill\b.*\b(?:fill|full|exceed|reach|exhaust|overflow|last)\b|\btime (?:left|to full|until)\b"
        r"|\bfill(?:ing)? up\b",
    ),
    (
        "compare",
        r"\bcompar|\bversus\b|\bvs\b|\bdiffer(?:s|ent|ence|ences)?\b|\b(?:week|day|month) over (?:week|day|month)\b"
        r"|\bthan (?:usual|normal|before|yesterday|last|on |in |the (?:day|week|month|hour|previous)|previous|it was)\b"
        r"|\bunusual(?:ly)? (?:high|low|slow)\b|\brelative to\b|\bagainst (?:last|yesterday|the)\b",
    ),
    (
        "advice",
        rf"\bwhat (?:should|shall|can|could|must) {_WHOM}\b|\bhow (?:do|can|should|would|could|to|might) "
        rf"(?:{_WHOM} )?(?:fix|solve|resolve|mitigate"
        r"|reduce|investigate|debug|address|handle|deal|lower|stop|prevent|troubleshoot|get rid|improve|repair"
        r"|recover|bring|diagnose|clear)"
        r"|\bwhat to (?:do|check|look)\b|\bnext steps?\b|\brecommend|\bremed(?:y|iation)|\bsuggest"
        r"|\btroubleshoot|\brunbook|\bplaybook"
        r"|\bwhere (?:do|should|to) (?:i |we )?(?:start|look|begin)|\b(?:what|which) (?:can |could |might "
        r"|usually |typically |commonly )?causes?\b"
        r"|\b(?:likely|possible|common|typical) (?:causes?|reasons?)\b|\bwhat do (?:i|we) do\b|\bhow to\b"
        r"|\badvice\b|\bfirst checks?\b",
    ),
    (
        "silent",
        r"\bsilent\b|\bno data\b|\bnot (?:been )?(?:report|send|sending)|\bstopped (?:report|send|emit|arriv)"
        r"|\b(?:missing|stale|absent|lost)"
        r" (?:data|metrics?|series|samples?|instances?|collectors?)\b|\bcollectors?\b|\bgaps? in\b|\blast "
        r"(?:sample|data)\b|\bscrap(?:e|ing)\b"
        r"|\b(?:is|are)\b.*\b(?:data|metrics|samples)\b.*\b(?:missing|arriving|coming|stale|fresh|flowing"
        r"|reporting)\b|\bgone (?:quiet|silent|dark)\b|\bquiet\b",
    ),
    (
        "since",
        r"\bsince when\b|\bhow long (?:has|have|is|was|were|did|ago|does|are)\b|\bwhen (?:did|was|were|has"
        r"|have)\b|\bfirst (?:seen|started|noticed|detected)\b"
        r"|\bstarted when\b|\bwhat time\b|\bfor how long\b|\bhow old\b",
    ),
    (
        "cascade",
        r"\bcascad|\bcross[\s-]*component|\bchain (?:reaction|of|failures?)|\b(?:failure|incident) chains?\b"
        r"|\bspread(?:ing)?\b|\bpropagat|\bknock[\s-]on\b|\bdomino"
        r"|\bcorrelat|\bnetwork (?:partition|split)|\bpartitioned\b|\bresource "
        r"exhaustion\b|\bripple|\brelated (?:incidents|failures)\b"
        r"|\bsystem[\s-]*wide (?:fail|incident|outage)|\bmulti[\s-]*component\b|\bend[\s-]to[\s-]end (?:fail"
        r"|incident|problem)",
    ),
    ("diagnose", r"^why\W*$|\bwhy (?:is|are|was|were|did|does|do|has|have|so|the|all|only|am)\b|\bwhy\b"),
    (
        "diagnose",
        r"\broot[\s-]causes?\b|\bcaused\b|\bcausing\b|\bwrong with\b|\bwhat(?:'s| is)(?: currently)? wrong\b"
        r"|\breasons? (?:for|of|why)\b|\binvestigate\b"
        r"|\bdiagnos|\bgoing on\b|\bmatter with\b|\bwhat broke\b"
        r"|\bwhat(?:'s| is) up with\b|\bwhat(?:'s| is) (?:broken|happening)\b|\bexplain\b|\bproblems? (?:is"
        r"|are)? ?(?:with|in|on|at)\b(?=.*\bwhat\b)|\bwhat causes\b"
        r"|\bwhat(?:'s| is) (?:the )?(?:problem|issue|trouble) (?:with|in|on)\b|\banything wrong\b|\bdeep "
        r"dive\b|\bwhat(?:'s| is) causing\b|\bcaused by\b",
    ),
    (
        "trend",
        r"\btrend|\bover time\b|\bgraph|\bchart|\bplot|\bhistor(?:y|ic|ical)\b|\bevol(?:ve|ved|ving|ution)\b"
        r"|\bdevelop(?:ed|ing|ment)\b|\bris(?:e|es|ing|en)\b|\bfalling\b"
        r"|\bincreas|\bdecreas|\bgrow(?:s|ing|th|n)?\b|\bclimb|\bgoing (?:up|down)\b|\bgetting (?:worse|better"
        r"|slower|faster|higher|lower)\b|\bworsen|\bimprov"
        r"|\btime ?series\b|\btimeline of\b|\bdrop(?:ped|ping)?\b|\bchang(?:e|ed|ing|es)\b|\bprogress"
        r"|\bbehav(?:e|ed|iou?r|ing)\b|\bshrink",
    ),
)
"""Intents in the order in which they are tried; questions for a number, a list or the state come after."""

FOLLOW_UP = (
    r"^(?:and|what about|how about|what of|same (?:for|with|thing)|also|only|just|instead|now (?:for|show|only|the)"
    r"|ok(?:ay)?,? (?:and|now)|but|or|why\W*$|since when\W*$|how come\W*$|how so\W*$|zoom|narrow|widen"
    r"|compared? (?:that|it|this|to|with)\b)\b|\binstead\W*$|\bas well\W*$|\btoo\W*$|\bagain\W*$"
)
"""How a question goes on from the one before."""

MAYBE_FOLLOW_UP = r"^(?:then|for|in|on|with|no,?|more|show me (?:the )?(?:last|past|more|only|all|yesterday|today))\b"
"""How a question may go on from the one before, unless it says by itself what it is about."""

ANAPHORA = (
    r"\b(?:it|its|that|they|them|their|those|these|this one|the same|there then|that one|which of "
    r"(?:them|those|these))\b"
)
NOT_ANAPHORA = (
    r"\b(?:is it (?:ok|fine|working|all)|are there|is there|were there|was there|it all|how is it "
    r"going|what is it (?:that )?you|that (?:is|are|was|were|have|has|had|occurred|happened))\b"
)

COMMON_WORDS = _words(
    """
    a about above accept active actually after again against ago ahead all almost along already also always am among
    an and another any anyone anything apart are area around as ask at available away back bad be because become
    been before began begin behind being below best better between big bigger biggest both break broke broken brief
    bring but by call came can cannot case check come coming common compare compared complete could count currently
    day days detail details did difference different display do does doing done down each either else end enough
    entire especially even ever every everyone everything everywhere exactly except excluding exist explain fast
    faster feel few fewer fill find fine first five for former four friend from full further gave general get gets
    getting give given go goes going gone good got great had half happen happened happening happens hard has have
    having he hello help her here hey high higher highest him his hold hour hours how however huge i if ignore
    ignoring immediately important in include including inside instance instances instead into is isn't it its
    itself job jobs just keep keeps kept kind knew know known large largest late lately later latest least leave
    left less let level levels like likely line list little live local long longer look looked looking looks loss
    lost lot lots low lower lowest made main major make makes making many matter may maybe me mean means meant might
    mine minor minute minutes miss missing moment month months more most much must my name named names near nearly
    need needs never new next nice night no node nodes none noon normal not note nothing now number numbers of off
    often ok okay old older on once one ones only open opened or order orders other others our out outside over
    overall own page part parts past people per perhaps place please point possible present pretty previous problem
    problems quick quickly quite rather read ready really reason recent recently regarding related report reports
    request resolve resolved right root run running said same saw say says second seconds see seem seems seen send
    seven several shall she short should show shown side similar since single six slow slower slowest small so some
    somebody someone something somewhere soon sort start started starting state states still stop stopped stops
    story such sure system systems take taken takes tell ten than thank thanks that the their them then there these
    they thing things think this those though three through time times to today together told tomorrow too took top
    total toward try turn two type types under unless until up us use used useful user users using usual usually
    value values very via view want wants was watch way we week weeks well went were what what's when where which
    while who whole whom whose why will with within without won't wonder work worked working works world worse worst
    would write wrong year years yes yesterday yet you your yours list give overview summary summarise summarize
    platform health healthy data database databases table tables task tasks topic topics group groups broker brokers
    consumer consumers producer producers disk memory query queries insert inserts write writes reads partition
    partitions replica replicas cluster clusters server servers monday tuesday wednesday thursday friday saturday
    sunday january february march april june july august september october november december weekend midnight
    morning afternoon evening overnight everyone pipeline stream streams streaming merge merges rate rates
    """
)
"""Ordinary words that are never taken for a misspelling of something else."""

WORTH_CORRECTING = _words(
    """
    pressure night show many list anomaly anomalies status health healthy issue issues problem problems incident
    incidents cascade cascades cascading failure failures trend trends compare compared yesterday today midnight
    hours minutes replication checkpoint checkpoints threshold thresholds critical warning warnings memory leak
    leaks broker brokers consumer throughput latency performance component components last week month since between
    current currently clickhouse backpressure taskmanager monday tuesday wednesday thursday friday saturday sunday
    replica replicas partitions happened alerts system everything overnight morning afternoon evening
    """
)
"""Words of questions that are recognised in spite of a misspelling, beside those of the catalogue."""

FILLER = _words(
    """
    data error job broker node task time rate ratio number second count group consumer row active record in out
    event p95 p99 per use used state last total source min max manager message value of is the a on for and cluster
    size old new s ms current team which free to no not with by from at be we any there all
    """
)
"""Stems that say too little to point to a metric on their own."""
