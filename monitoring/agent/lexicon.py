"""The words of questions that the catalogue does not hold: components, abbreviations, intents.

What metrics are called stands in the catalogue (`Metric.short`, `aliases`, `topics`), not here.
"""

from __future__ import annotations


def words_of(text: str) -> frozenset[str]:
    """The words of a text, for tables of words."""
    return frozenset(text.split())


COMPONENT_WORDS: dict[str, tuple[str, ...]] = {
    "kafka": ("kafka", "kafkas", "kafka's"),
    "flink": ("flink", "flink's"),
    "clickhouse": ("clickhouse", "ch", "clickhouse's", "clickhouses"),
}

IMPLIED_COMPONENTS: dict[str, str] = {
    r"\b(?:brokers?|consumers?|consumer groups?|producers?|topics?|kraft)\b": "kafka",
    r"\b(?:jobs?|taskmanagers?|jobmanagers?|checkpoints?|savepoints?|operators?|stream processing"
    r"|(?<!handler )workers?)\b": "flink",
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
    "teh": "the",
    "hte": "the",
    "u": "you",
    "r": "are",
    "hrs": "hours",
    "lst": "last",
    "wich": "which",
    "whcih": "which",
    "waht": "what",
    "hwo": "how",
    "shwo": "show",
    "adn": "and",
    "lats": "last",
    "yestarday": "yesterday",
    "wrt": "with",
    "stat": "status",
    "stats": "status",
    "prev": "previous",
    "avg": "average",
    "tput": "throughput",
    "wow": "week over week",
    "dod": "day over day",
    "til": "till",
    "msg": "message",
    "msgs": "messages",
    "chk": "check",
    "ch": "clickhouse",
    "lagg": "lag",
    "laag": "lag",
    "lga": "lag",
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
    (r"\b(?<=last |past |this |prev |next )hr\b", "hour"),
    (r"\b(?<=last |past |this |prev |next )min\b", "minute"),
    (r"\b(?<=last |past |this |prev |next )wk\b", "week"),
    (r"['’]", "'"),
    (r"\b(?:ca|approx|abt)\b\.?(?=\s*\d)", "around"),
    (r"\b(?:brkrs?|bkrs?)\b", "broker"),
    (r"\bnon[\s-](?=(?:kafka|flink|clickhouse|ch)\b)", "except "),
)
"""Spellings made one before anything is compared, in questions and in the catalogue's names alike."""

WIDER_SUBJECTS: dict[str, tuple[str, ...]] = {
    "checkpoint fail": ("failed_checkpoint_rate", "checkpoint_age", "checkpoint_duration"),
    "fail checkpoint": ("failed_checkpoint_rate", "checkpoint_age", "checkpoint_duration"),
}
"""Troubles that show in more metrics than the one that carries their name (stems of the words)."""

GENERIC_ALIASES = frozenset({"error", "pending", "busy"})
"""Catalogue aliases and topics (stems) too general to be taken for a metric unless something else points to it."""

HOW_MUCH = frozenset({"backlog", "pending", "lag", "delay", "queue", "busy", "parts"})
"""Words that name a figure alone, and behind the name of another only say that it is about its amount."""

COUNTED_THINGS = frozenset({"broker", "taskmanager", "worker", "controller"})
"""Aliases (stems) that name things rather than a figure; they mean the figure in a question for a number."""

NUMBER_CUES = (
    r"\b(?:how many|count|number of|lost|missing|down|alive|live|registered|available|gone|died|dead|left|up|online"
    r"|offline|reachable|running)\b"
)

EVENT_NOUN = (
    r"(?:anomal(?:y|ies|ous)|issues?|incidents?|problems?|alerts?|alarms?|events?(?![\s-]time)|errors?|warnings?"
    r"|criticals?|faults?"
    r"|failures?|outages?|troubles?|loops?|affected|abnormal(?:ities|ity)?|impacted|unhealthy|misbehav\w+|suspicious"
    r"|in trouble|deviations?|violations?|occurr?ences?|occurr?ed|times|happened|fired|trigger(?:ed"
    r"|s)?|breach(?:es|ed)?)"
)

FOREIGN_SYSTEMS = words_of(
    """
    redis postgres postgresql mysql mariadb mongodb mongo elasticsearch elastic opensearch spark cassandra rabbitmq
    kubernetes k8s airflow snowflake bigquery nginx hadoop hdfs druid pinot pulsar kinesis dynamodb oracle mssql
    docker jenkins grafana prometheus nifi trino presto hive influxdb memcached vault consul etcd istio aws azure
    gcp lambda s3 printer printers sap jira slack github gitlab zabbix cloudflare openshift terraform flume storm samza
    beam weather bitcoin stock football
    """
)

FOLLOW_UP = (
    r"^(?:and|what about|how about|what of|same (?:for|with|thing|again)|also|only|just|instead|now (?:for|show|only"
    r"|the)|likewise"
    r"|ok(?:ay)?,? (?:and|now|what|but|so|how)|but|or|so (?:and|what|why|how|is)|why\W*$|since when\W*$|how come\W*$"
    r"|how so\W*$|zoom|narrow|widen"
    r"|details?|more(?: details?| info\w*)?\W*$|tell me more|elaborate|go on|continue|expand|vs|versus|against"
    r"|compared?|in comparison"
    r"|without|except|excluding|not|ignore|ignoring|leave|which ones?|back to|by|per|grouped? by|for each|each|split by"
    r"|broken down|sorted? by|now|on which|in which|for which|at which|where exactly)\b"
    r"|\binstead\W*$|\bonly\W*$|\bany (?:in|on|for|with|of|there)\b|\bas well\W*$|\btoo\W*$|\bagain\W*$"
    r"|\bin particular\b|\bspecifically\b|\b(?:one|ones)\W*$|\bthough\W*$"
)
"""How a question goes on from the one before."""

MAYBE_FOLLOW_UP = (
    r"^(?:then|for|in|on|with|no,?|more|show me (?:the )?(?:last|past|more|only|all|yesterday|today|same)|since"
    r"|during|over|last|between"
    r"|from|this|yesterday|today|until|before|after|the)\b"
)
"""How a question may go on from the one before, unless it says by itself what it is about."""

WHOLE_PLATFORM = (
    r"\b(?:everything|everywhere|overall|platform|system|pipeline|all (?:the |three |our )*components|whole|anywhere"
    r"|in general|generally"
    r"|entire|data flow|each component|every component|per component|by component|across components)\b"
)
"""Words that say that a question is about all components, whatever the one before was about."""

STATUS_WORD = r"\b(?:status|health\w*|state|overview|sitrep|situation|summary|all good|ok(?:ay)?|fine|recap|report)\b"
"""Words that make a question for the state a whole one."""

ANAPHORA = (
    r"\b(?:it|its|that|they|them|their|those|these|this one|the same|there then|that one|(?:which|one|worst|any"
    r"|how many|how much|more|some|all|none|either|neither|each|most|half) of "
    r"(?:them|those|these|the (?:two|three|others?|lot))|of both|(?:in|of|on|for|from) (?:either|both|neither"
    r"|each)\W*$|(?:these|those|the) (?:two|ones?)\W*$|(?:the"
    r"|that) (?:first|second|third|last|other|former|latter|top|worst|latest|newest|biggest) (?:one\b|of (?:them|those"
    r"|these)\b|\W*$)|there\W*$)"
)
NOT_ANAPHORA = (
    r"\b(?:is it (?:ok|fine|working|all)|are there|is there|were there|was there|it all|how is it "
    r"going|what is it (?:that )?you|that (?:is|are|was|were|have|has|had|occurred|happened))\b"
)

COMMON_WORDS = words_of(
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
    waiting source sources snapshot snapshots parts alive dead lose lost losing saturated thread threads record records
    size large stale fresh fully grow grown crash crashed crashing sync synced behind keeping catching caught followers
    follower copies copy dirty clean unread sent sending order worried worry colleague colleagues meeting lunch coffee
    phone manager boss customer customers urgent sorry typos hope hopefully guess maybe actual actually basically
    simple simply quick question questions answer answers example examples sample samples wait waits stand stands tell
    tells teams share shares shared spread cause causes caused causing chain chains worse worst rising falling fall
    falls rise rises jump jumped peak peaked spike spikes stable steady flat recover recovered trend trends graph chart
    plot draw limit limits exceed exceeds reach reached reaching hit hits cross crossed full filling fills pace rate
    consider considered regard treat warn warned fire fired firing alarm alarms alarming notify paging define defined
    definition meaning describe described explain explained measure measured express besides except without neither
    either interest interested interesting ignore ignored relevant skip leave affects affected impact impacted involve
    involved connect connected linked related unrelated blame fault faults because story instead specific specifically
    particular particularly detail details again zoom wider longer shorter earlier later previous next following period
    window range stretch interval else quite fairly pretty totally completely fast quick slow sluggish hello thanks
    friday's monday's weird strange odd normal abnormal usual unusual expected healthy unhealthy somewhat handle handler
    handlers operator operators subtask sink sinks worker workers server servers host hosts machine machines thing
    things everybody somebody nobody dashboard dashboards report reports weekly daily hourly monthly yearly number
    figure figures count counts counted total totals amount amounts sorted sort rank ranking grade level levels heavy
    light empty short brief shown shows displays display print prints write wrote written hidden secret weather joke
    jokes world soccer pizza music movie movies recipe recipes poem poems song songs love life today's food
    clients client backend frontend website users engineer engineers oncall rota shift shifts holiday holidays
    """
)
"""Ordinary words that are never taken for a misspelling of something else."""

NAMES_TOO = words_of("orders payments clicks sessions records samples reports report events users customers clients")
"""Ordinary words that things in the data are often called by."""

WORTH_CORRECTING = words_of(
    """
    pressure night show many list anomaly anomalies status health healthy issue issues problem problems incident
    incidents cascade cascades cascading failure failures trend trends compare compared yesterday today midnight
    hours minutes replication checkpoint checkpoints threshold thresholds critical warning warnings memory leak
    leaks broker brokers consumer throughput latency performance component components last week month since between
    current currently clickhouse backpressure taskmanager monday tuesday wednesday thursday friday saturday sunday
    replica replicas partitions happened alerts help system everything overnight morning afternoon evening
    """
)
"""Words of questions that are recognised in spite of a misspelling, beside those of the catalogue."""

FILLER = words_of(
    """
    data error job broker node task time rate ratio number second count group consumer row active record in out
    event p95 p99 per use used state last total source min max manager message value of is the a on for and cluster
    size old new s ms current team which free to no not with by from at be we any there all run fail start stop look
    """
)
"""Stems that say too little to point to a metric on their own."""

SAYING_NOTHING = words_of(
    """
    a about add
    again ah actually all alone also an and another any anything apply as ask asked asking at back better both
    but by can change check choose concentrate concerning consider could cover did different do each else entire
    ever every exactly filter first focus for from get give go hm hmm hold how i if in include including instead into
    is it its it's just kind know let lets let's like limit limited look looking make matter maybe me mean meant mine
    move my narrow narrowed need next no nope not now of oh ok okay on one ones only or other others our out over
    overall part parts per perhaps please plus pls pick put rather really regarding repeat restrict restricted right
    said same say see select set should show side simply single so sorry specific specifically still stick stuff
    stay such switch take talk tell than thanks that that's the their them then there these they thing things think
    this those through time to together too total try turn typo up us use view wait want wanted was we well were what
    what's whats when where which while whole will wish with within would wrong yeah yep yes you your ones' whatever
    i'd i'll i'm hey hi cluster system systems side platform instance instances entries events list
    comparison picture window period range filter scope question along
    """
)
"""Words beside names and times that ask nothing by themselves."""
