"""Ordinary words for what the catalogue calls by a name of its own: "records waiting at the sources".

A paraphrase is written over by one of the catalogue's aliases before metrics are looked for; so what a metric is
called still stands in the catalogue alone.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from monitoring.agent.synonyms import GENERAL, SPECIFIC

_BE = (
    r"(?:\s+(?:is|are|was|were|be|been|being|get|gets|getting|got|begin to|began to|begun to|start to|started to"
    r"|starting to|all|still|currently|now|really|even|go|going))*\s+"
)
_OUT = r"(?:out[\s-]of[\s-]sync|unsynced|not (?:in|fully|yet)?\s*(?:sync|insync|synced|replicated|caught up))"
_BEHIND = r"(?:falling |fallen |fell |lagging |running |trailing )?behind|catching up|keeping up|caught up"
_IN = r"(?:in[\s-]?sync(?:ed)?|synced|synchroni[sz]ed|up[\s-]to[\s-]date|fully replicated)"
_LOST = r"(?:up|online|offline|alive|running|reachable|available|registered|down|dead|missing|gone|lost|there|left)"
_LOSE = r"(?:lose|lost|losing|loses|missing|dead|down|live|alive|available|running|healthy|offline|online)"
_TASKS = r"(?:tasks?|operators?|subtasks?|vertices|slots?)"
_WAIT = r"(?:waiting|pending|queued|queueing|piling up|pile up|unread|unprocessed|unconsumed|backed up|left|stuck)"
_REFUSED = r"(?:refused|rejected|bounced|denied|declined|turned away|thrown away|lost|dropped|blocked)"


@dataclass(frozen=True, slots=True)
class Paraphrase:
    """Words and the alias they stand for; only where a word that matches `beside` stands in the question too."""

    words: re.Pattern[str]
    alias: str
    beside: re.Pattern[str] | None = None


def _p(words: str, alias: str, beside: str = "") -> Paraphrase:
    return Paraphrase(re.compile(rf"\b(?:{words})\b"), alias, re.compile(rf"\b(?:{beside})\b") if beside else None)


_SPECIFIC = tuple(_p(*synonym) for synonym in SPECIFIC)
_GENERAL = tuple(_p(*synonym) for synonym in GENERAL)
_OF_CLICKHOUSE = r"clickhouse|tables?|shards?|merge\w*"
_OF_KAFKA = r"kafka|brokers?|producers?|topics?"
_OF_FLINK = r"flink|jobs?|taskmanagers?|checkpoints?|operators?|sources?|pipelines?"

PARAPHRASES: tuple[Paraphrase, ...] = (
    # replicas
    _p(rf"(?:replicas?|copies){_BE}{_IN}", "replication lag", _OF_CLICKHOUSE),
    _p(rf"(?:replicas?|copies|partitions?){_BE}{_IN}|(?:fully|all) replicated", "under replicated"),
    _p(r"not enough insync replicas?", "under min isr"),
    _p(r"data (?:flow\w*|com\w+|arriv\w+|goes|going|streams?) (?:in|into|to)", "messages in", _OF_KAFKA),
    _p(r"messages?\s+(?:is|are)\s+(?:\w+\s+){0,3}behind", "consumer lag"),
    _p(r"latency of (?:the )?produc\w+|p99 (?:latency )?of produc\w+", "produce latency"),
    _p(r"(?:most|fewest|least|more|less) messages|busiest topics?", "messages in", _OF_KAFKA),
    _p(r"how much state|amount of state", "state size"),
    _p(r"(?:unread|pending|waiting|queued) (?:records?|events?)", "source backlog"),
    _p(r"batch(?:es)?(?: (?:is|are|too|very|so|getting))* (?:small\w*|tiny|large\w*|big\w*)", "rows per insert"),
    _p(rf"(?:replicas?|copies){_BE}{_OUT}|{_OUT} replicas?", "replication lag", _OF_CLICKHOUSE),
    _p(rf"(?:replicas?|copies|nodes?|tables?){_BE}(?:{_BEHIND})", "replication lag", _OF_CLICKHOUSE),
    _p(r"how far behind (?:is|are) (?:the |a |any )?replicas?|(?:stale|slow|late) replicas?", "replication lag"),
    _p(
        rf"(?:replicas?|followers?|partitions?|copies){_BE}(?:{_OUT}|{_BEHIND})|{_OUT} (?:replicas?|partitions?)",
        "under "
        r"replicated",
    ),
    _p(
        r"partitions? (?:that |which )?(?:are |is |have |has |with )?(?:missing (?:a |some )?(?:replicas?|copy|copies)"
        r"|too few (?:replicas|copies)|not enough copies|incomplete replication)|under[\s-]?replication"
        r"|replication factor (?:is )?not met",
        "under replicated",
    ),
    _p(
        r"(?:below|under|beneath|less than|short of) (?:the )?min(?:imum)?(?:\.insync(?:\.replicas)?|[\s-]+(?:isr"
        r"|insync"
        r"(?:[\s-]+replicas?)?))|too few insync replicas|acks=all (?:fail\w*|refused)",
        "under min isr",
    ),
    _p(
        r"partitions?(?: (?:that|which))?(?: (?:is|are|have|has|being|currently|with))* (?:offline|unavailable|without "
        r"(?:a )?leader|leaderless|no leader)|(?:offline|unavailable|leaderless) partitions?|leaderless",
        "offline partitions",
    ),
    _p(r"(?:lose|lost|losing|loss of) (?:any |some |our )?(?:data|messages)", "data loss"),
    _p(r"dirty (?:leader )?elections?|unclean(?:ly)? elect\w*|unclean leader\w*", "unclean leader election"),
    _p(
        r"(?:insync replica|insync|isr)(?: replica)?s?(?: sets?)?(?: (?:is|are|been|being|get"
        r"|getting))* (?:shr[iau]nk\w*"
        r"|churn\w*|flap\w*|smaller|getting smaller)|replicas? (?:dropp?(?:ed|ing)?|fall(?:ing|en)?|fell|left|leaving"
        r"|kicked) (?:out )?(?:of )?(?:the )?(?:isr|insync set)",
        "isr shrinks",
    ),
    _p(
        r"controller elect\w*|(?:two|2|several|no|a|any|one|how many) (?:active )?controllers?|quorum controllers?",
        "active controller",
    ),
    # brokers and task managers as numbers
    _p(
        rf"brokers?{_BE}{_LOST}|{_LOSE}(?: (?:a|an|any|one|some|the|of))* brokers?|number of brokers?"
        r"|brokers? (?:count|number)|how many brokers(?! (?:have|has|show|with))",
        "broker count",
        "",
    ),
    _p(
        rf"taskmanagers?{_BE}{_LOST}|{_LOSE}(?: (?:a|an|any|one|some|the|of))* (?:taskmanagers?|flink workers?)"
        r"|number of taskmanagers?|taskmanagers? count|(?:how many|missing) (?:flink )?workers|how many taskmanagers"
        r"(?! (?:have|has|show|with))|lost workers?|workers? (?:are |is )?(?:up|alive|lost|missing|down)",
        "tm count",
    ),
    # memory, by whose it is
    _p(r"\boom(?:s|ed|ing|[\s-]*kill(?:ed|s)?)?|out of (?:memory|ram)", "memory"),
    _p(r"stop[\s-]the[\s-]world|garbage collect(?:or|ors|ing|ions?)|gc[\s-]?(?:ing|pressure|load|overhead)", "gc"),
    _p(
        r"brokers? (?:\w+ )?(?:full|filled up|filling up|out of (?:space|disk))|full brokers?|log dir(?:s|ectories)?"
        r"|storage of (?:the )?brokers|brokers? storage|kafka storage|space on (?:the )?brokers?"
        r"|how full (?:is|are) (?:the )?(?:kafka|brokers?)(?: disks?)?",
        "broker disk",
    ),
    # Kafka's traffic
    _p(
        r"(?:lag|behind|delay)\b.{0,20}\bin (?:seconds|minutes|time)|how (?:many )?(?:seconds|minutes|late"
        r"|old)\b.{0,24}\b"
        r"(?:behind|consum\w+|unread message)|time[\s-]based lag|oldest unread message",
        "consumer lag time",
    ),
    _p(
        rf"(?:consumers?|consumer groups?|groups?|readers?|consumption){_BE}(?:{_BEHIND}|slow|late|delayed)"
        rf"|(?:messages?"
        rf"|records?|offsets?|events?) (?:that |which )?(?:are |is |still |get )*{_WAIT} (?:in|on|at) (?:kafka"
        rf"|the topics?"
        r"|the brokers?)|(?:unread|unconsumed|unprocessed|uncommitted) (?:messages?|offsets?)|how far behind (?:is"
        r"|are|do"
        r"|does|have)(?: (?:the|our|any|kafka))*(?: consumers?| groups?)?|behind on (?:reading|consuming)",
        "consumer lag",
    ),
    _p(
        r"messages? (?:per|a|/) ?s(?:ec(?:ond)?)?|msgs?/s|message (?:volume|throughput|flow|traffic)"
        r"|incoming (?:traffic|data"
        r"|load|rate)|traffic(?: (?:on|in|of|through|into))?(?: the)?(?= (?:kafka|topics?|brokers?)|\W*$)"
        r"|(?:how many|number "
        r"of) messages? (?:do |does |are |is )?(?:we |come|coming|arriv\w+|flow\w*|get|receive\w*|produced?)|producer "
        r"throughput|produced messages|(?:kafka|topic) (?:ingest(?:ion)?|input|write) (?:rate|volume)",
        "messages in",
    ),
    _p(
        r"(?:produce(?:r|rs)?|publish(?:ing|ers?)?|producing|writ(?:es?|ing) to kafka)(?: (?:requests?|calls?))?"
        rf"(?:{_BE}(?:slow\w*|laggy|delayed|sluggish)|[\s-]*(?:time|times|duration|delay|ack time))|(?:slow|sluggish) "
        r"(?:producers?|produce requests?|producing|publishing)|(?:time|how long)(?: (?:it|does it"
        r"|do))?(?: takes?)? to "
        r"(?:produce|publish)|ack(?:nowledge)?(?:ment)? latency",
        "produce latency",
    ),
    _p(
        r"(?:request|network|io|i/o|handler)[\s-]+(?:handler )?(?:threads?|pools?|workers?)"
        r"|request handlers?(?: threads?)?"
        r"|(?:how )?(?:busy|busiest|overloaded|loaded|saturated|stressed)(?: (?:is|are))?(?: (?:the|our|any"
        r"|kafka))* brokers?"
        rf"|brokers?{_BE}(?:busy|overloaded|saturated|stressed|at (?:the|its|their) limit)",
        "request handler idle",
    ),
    # Flink's checkpoints
    _p(
        r"(?:how (?:large|big|much|huge|heavy) (?:is|are|has|was)(?: (?:the|our|flink|flink's|job|jobs|a|all))*"
        r"(?: (?:state|checkpoints?|snapshots?))(?: of)?)|(?:size|growth) of (?:the |our |a |each )?(?:(?:flink|job"
        r"|operator"
        r"|keyed|checkpoint|managed)(?:'s)? )?(?:state|checkpoints?|snapshots?)|(?:state|checkpoint"
        r"|snapshot)[\s-]+(?:sizes?"
        r"|growth|volume|bytes)|(?:the|flink|flink's|job|keyed|operator|managed) state (?:is |keeps? |has "
        r"|been )*(?:grow\w*"
        r"|gr[eo]wn?|explod\w*|bloat\w*|too (?:big|large)|getting (?:bigger|larger))|is (?:the "
        r"|our )?state (?:growing|getting)"
        r"|(?:big(?:gest)?|large(?:st)?|smallest|fat|huge|bloated) (?:job |flink |flink's )?(?:state|checkpoints?)"
        r"|state bloat|(?:the|our) state (?=(?:exceed|reach|hit|get)s?\b)",
        "state size",
    ),
    _p(
        r"(?:(?:age|time) (?:of|since) (?:the )?(?:last|latest|newest|most recent)(?: (?:successful|completed|good))? "
        r"(?:checkpoint|snapshot))|(?:how (?:old|long ago|fresh)|when) (?:is|was|did)(?: the)? (?:last|latest|newest"
        r"|most recent)"
        r"(?: (?:successful|completed|good))? (?:checkpoint|snapshot)(?! (?:fail\w*|error|problem))|(?:last|latest"
        r"|most recent|newest) (?:successful "
        r"|completed |good )?(?:checkpoint|snapshot)(?! (?:fail\w*|error|problem|time))|no (?:new |recent "
        r"|successful )?checkpoints? (?:since|for)|checkpoints? "
        r"(?:are |is )?(?:stuck|overdue|stale)|(?:stale|overdue|stuck) checkpoints?",
        "time since last checkpoint",
    ),
    _p(
        r"how (?:long|slow|fast|quick(?:ly)?) (?:do|does|did|are|is|were|was)(?: (?:the|our|flink"
        r"|flink's))* (?:checkpoints?"
        r"|snapshots?|checkpointing)(?: (?:take|last|run))?|(?:checkpoints?|snapshots?|checkpointing) (?:is |are "
        r"|was |were |get "
        r"|getting |so |too |very |really )*(?:slow\w*|long|longer|time|times|durations?|tak\w+ (?:too |very "
        r"|so )?long\w*"
        r"|latency|sluggish)|(?:slow\w*|long(?:est)?|sluggish|time (?:of|for|per)|duration of) (?:the )?(?:checkpoints?"
        r"|snapshots?)",
        "checkpoint duration",
    ),
    _p(
        r"(?:checkpoints?|snapshots?|checkpointing) (?:is |are |was |were |been |have |has |get |getting |that "
        r"|which |keeps? "
        r"|often |always |never |do |did )*(?:fail\w*|abort\w*|expir\w*|tim(?:e|ed|ing) out|declin\w*|broken?|not "
        r"(?:complet\w+|succeed\w*|work\w*|going through)|unsuccessful|error\w*)|(?:fail(?:ed|ing|ures? of)|aborted"
        r"|expired"
        r"|unsuccessful|broken|declined) (?:the )?(?:checkpoints?|snapshots?)",
        "failed checkpoints",
    ),
    _p(r"snapshots?", "checkpoint", _OF_FLINK),
    # Flink's work
    _p(
        rf"(?:records?|events?|messages?) (?:that |which )?(?:are |is |still )*{_WAIT}(?: to be read)? (?:at|in|for"
        rf"|on) (?:the "
        r"|flink |flink's |our )*(?:sources?|flink|input)|(?:source|flink|input) (?:queue|backlog|lag)|backlog (?:of"
        r"|at|in) "
        r"(?:the )?(?:flink|sources?|flink sources?)|unread (?:at|in) (?:the )?sources?"
        r"|pending (?:source )?(?:records?|events?)"
        r"|sources?(?: (?:is|are))? (?:lagging|behind|backed up)",
        "source backlog",
    ),
    _p(
        rf"{_TASKS}{_BE}(?:blocked|throttled|held (?:back|up)|slowed|waiting (?:for|on) (?:the )?(?:downstream|sink"
        rf"|output))"
        r"|(?:blocked|throttled|backpressured) (?:tasks?|operators?)|backpressur\w*",
        "backpressure",
    ),
    _p(
        rf"(?:how )?(?:busy|overloaded|loaded|saturated|busiest)(?: (?:is|are))?(?: (?:the|our|any|flink"
        rf"|flink's))* {_TASKS}"
        rf"|{_TASKS}{_BE}(?:busy|overloaded|saturated|at (?:the|its|their) limit|maxed out)|(?:utili[sz]ation"
        rf"|load) of (?:the )?"
        rf"{_TASKS}|busyness",
        "task busy",
    ),
    _p(
        r"(?:output|processing|emission|out) (?:rate|speed|throughput)|(?:records?|events?) (?:out|emitted|processed"
        r"|written|per "
        r"s\w*|a second|/s|leaving)(?: (?:by|of|from)(?: the)?(?: flink| jobs?)*)?|how (?:fast|quick\w*|much"
        r"|many \w+) (?:is|are|do"
        r"|does|did)(?: (?:the|our|flink|jobs?))* (?:process\w*|emit\w*)|process\w* (?:\w+ )?(?:records|events)"
        r"|processing (?:rate|speed)|throughput of (?:the )?"
        r"(?:flink|jobs?)",
        "job throughput",
        _OF_FLINK + r"|records? out|output",
    ),
    _p(
        r"(?:how (?:late|stale|fresh|old|delayed|out of date|up to date) (?:is|are)(?: (?:the|our|my|flink"
        r"|flink's))* (?:data"
        r"|events?|results?|records?|output))|(?:data|event|results?|end[\s-]to[\s-]end) (?:freshness|staleness"
        r"|delay|latency)"
        r"|watermarks?(?: (?:is|are|lag\w*|delay\w*|behind|stuck|hold\w*))*|(?:how far )?behind real[\s-]?time"
        r"|event[\s-]?time "
        r"(?:lag|delay|skew)|late(?:ness of)? (?:data|events?)|(?:processing|event) delay",
        "event time lag",
    ),
    _p(
        r"(?:jobs?|flink) (?:that |which )?(?:are |is |was |were |have |has |been |keeps? |did |does |do |kept "
        r"|getting |get |any )*"
        r"(?:restart\w*|crash\w*|bounc\w*|flapp?\w*|reboot\w*)|(?:restarts?|crash(?:es)?|restarting) of (?:the "
        r"|any )?(?:jobs?"
        r"|flink)|crash[\s-]?loop\w*|restart[\s-]?loop\w*",
        "job restarts",
    ),
    _p(
        r"(?:jobs?) (?:that |which )?(?:are |is |was |were |have |has |been |all |still |currently |not )*(?:down"
        r"|dead|stopped|not "
        r"running|failed|offline|up|running|alive|cancell?ed|outage|downtime)|(?:dead|failed|stopped|running) jobs?"
        r"|(?:downtime"
        r"|outage|uptime) of (?:the |a |any )?(?:jobs?|flink)",
        "job not running",
    ),
    # ClickHouse's queries and inserts
    _p(
        rf"(?:quer(?:y|ies)|selects?|reads?|dashboards?){_BE}(?:slow\w*|laggy|sluggish|tak\w+ (?:so |too )?long\w*"
        rf"|faster)|slow(?:er"
        r"|est)? (?:quer(?:y|ies)|selects?)|(?:quer(?:y|ies)|select|response)[\s-]+(?:time|times|speed|latenc(?:y"
        r"|ies)|runtime"
        r"|durations?|performance)|how (?:long|fast|slow|quick\w*) (?:do|does|are|is|did)(?: (?:the|our|clickhouse"
        r"|clickhouse's))* "
        r"(?:quer(?:y|ies)|selects?)(?: (?:take|run|last))?|query p95|p95",
        "query latency",
    ),
    _p(
        rf"quer(?:y|ies){_BE}(?:fail\w*|err\w*|crash\w*|abort\w*|throw\w*)|(?:fail(?:ed|ing|ures? of)|broken"
        rf"|errors? (?:of|in|from))"
        r" (?:the )?quer(?:y|ies)|query (?:fail\w*|error\w*|exceptions?)(?: (?:ratio|rate))?|(?:share|percentage"
        r"|ratio|rate) of "
        r"(?:failed|failing) queries|exceptions in queries",
        "failed queries",
    ),
    _p(
        rf"quer(?:y|ies){_BE}(?:in flight|in parallel|at once|at the same time|simultaneous\w*|concurrent\w*|running"
        rf"|executing)"
        r"|(?:concurrent|parallel|simultaneous|in[\s-]?flight|running|active) quer(?:y|ies)|query (?:concurrency"
        r"|load|count)"
        r"|(?:how many|number of) (?:clickhouse )?queries(?! (?:fail|err|were slow|are slow|slow))",
        "running queries",
    ),
    _p(
        rf"(?:inserts?|writes?|batches){_BE}{_REFUSED}|{_REFUSED} (?:inserts?|writes?)|(?:reject|refus)\w* (?:the "
        rf"|any )?(?:inserts?"
        r"|writes?)|insert (?:rejections?|refusals?|failures?|errors?)|(?:inserts?|writes?) (?:are |is |keep "
        r"|were )*(?:fail\w*"
        r"|erroring|not accepted)|too many parts (?:errors?|exceptions?)",
        "rejected inserts",
        r"clickhouse|inserts?|tables?|too many parts",
    ),
    _p(
        rf"(?:inserts?|writes?){_BE}(?:delayed|throttled|slow\w*|held (?:back|up)|sluggish)|(?:delayed|throttled"
        rf"|slow\w*) (?:inserts?"
        r"|writes?)|insert (?:throttl\w*|delays?|slowdown)|throttl\w* (?:inserts?|writes?)",
        "delayed inserts",
        r"clickhouse|inserts?|tables?",
    ),
    _p(
        r"rows? (?:per|an?|each|/) ?(?:insert|batch|block)s?|(?:insert|batch)[\s-]*(?:batch )?sizes?|(?:small|tiny"
        r"|little) (?:inserts?"
        r"|batch(?:es)?)|how (?:big|large|small) (?:is|are)(?: (?:the|our|clickhouse))* (?:inserts?|batch(?:es)?)"
        r"|size of (?:the )?"
        r"(?:inserts?|batch(?:es)?)",
        "rows per insert",
    ),
    _p(
        r"(?:rows?|data) (?:that )?(?:are |is |being |were |get )*(?:inserted|written|ingested|coming in|arriving"
        r"|loaded)|insert"
        r"(?:ion)? (?:rate|throughput|volume|speed)|rows? (?:per|a|/) ?s\w*|(?:how many|number of) rows"
        r"|ingest(?:ion)?(?: rate"
        r"| throughput| speed| volume)?|(?:inserted|written|ingested) rows?",
        "inserted rows",
        r"clickhouse|rows?|inserts?|insertion|ingest\w*",
    ),
    _p(
        r"(?:unmerged|active|data) parts|merges?(?: process\w*)? (?:is |are |been |being |can |can't |cannot |not "
        r"|still |do |does )*"
        r"(?:behind|keep\w* up|keep pace|catch\w* up|fall\w* behind|lag\w*|slow\w*)|merge (?:backlog|queue|pressure"
        r"|lag)|(?:number"
        r"|count) of parts|max parts|parts? (?:per|in a|in each) partition",
        "parts count",
    ),
    _p(
        r"(?:replication|replica) (?:queue|tasks?|backlog|jobs?|entries)(?: size| length)?|(?:tasks?|entries"
        r"|work) (?:in|of) (?:the )?"
        r"replication queue|(?:pending|waiting|outstanding|unfinished) (?:replication|fetches|replication tasks?)",
        "replication queue",
    ),
    _p(
        r"(?:tables?|replicas?|nodes?) (?:that |which )?(?:in|is|are|went|gone|going|turned|being|became|become"
        r"|currently|into|now|stuck"
        r"|\s)*readonly(?: mode)?|readonly (?:mode|tables?|replicas?|state)|cannot write to (?:a |any |the )?tables?"
        r"|readonly",
        "readonly tables",
    ),
    _p(
        r"(?:clickhouse )?(?:zookeeper|keeper|zk) (?:is |are |has |having |with |any )*(?:trouble\w*|problems?"
        r"|issues?|errors?"
        r"|exceptions?|fail\w*|timeouts?|sessions?|hiccups?|connection\w*|unreachable|down|ok|fine|healthy|lost)"
        r"|(?:trouble|problems?"
        r"|issues?|errors?|exceptions?) (?:with|of|in|from|on|talking to|reaching) (?:the )?(?:zookeeper|keeper)",
        "keeper errors",
    ),
    _p(
        r"(?:disk|storage|space|room) (?:is |are )?(?:left|free|available|remaining)|(?:free|available"
        r"|remaining) (?:disk )?(?:space"
        r"|disk|storage)|how full (?:is|are) (?:the |clickhouse |clickhouse's )*(?:disks?|clickhouse|storage)",
        "free disk",
        r"clickhouse|tables?|nodes?",
    ),
)


_OF_ISR = re.compile(r"\bisrs?\b|\bin-?\s?sync\b|\breplicas?\b|\bshrinks\b")
_SHRINKING = re.compile(r"\bshr[iau]nk(?:ing|en)?\b")
"""What any figure may do, and only beside replicas is the name of one."""


def reworded(text: str) -> str:
    """The text, in lower case, with paraphrases written as the catalogue's aliases; overlaps keep the first."""
    if not _OF_ISR.search(text):
        text = _SHRINKING.sub(" ", text)
    for paraphrase in (*_SPECIFIC, *PARAPHRASES, *_GENERAL):
        if paraphrase.beside is None or paraphrase.beside.search(text):
            text = paraphrase.words.sub(f" {paraphrase.alias} ", text)
    return text
