"""What people who run such systems call the catalogue's figures, beside its own names and `paraphrases`.

Each entry is a pattern, the catalogue's alias it stands for, and a pattern that has to stand in the question too.
`SPECIFIC` names one figure and is read first; `GENERAL` only widens a word, and is read last.
"""

from __future__ import annotations

_WRITES = r"(?:writes?|inserts?)"
_OUR = r"(?:(?:any|some|the|our|all|many|more) )*"
_CLICKHOUSE = r"clickhouse|inserts?|tables?"
_READERS = r"(?:consumers?|(?:consumer )?groups?|readers?)"

SPECIFIC: tuple[tuple[str, str, str], ...] = (
    # Kafka
    (
        r"partitions?(?: (?:that|which|are|is|have|with))* (?:short of|lack\w*|without enough|not enough|too few"
        r"|without all|missing) (?:their |the |some )?(?:replicas?|followers?|copies)|degraded partitions?",
        "under replicated",
        "",
    ),
    (
        r"acks ?= ?all(?: \w+){0,2} (?:fail\w*|refus\w*|reject\w*|error\w*)|not ?enough ?replicas(?: ?after ?append)?"
        r"(?: ?exceptions?| errors?)?",
        "under min isr",
        "",
    ),
    (
        r"partitions?(?: (?:is|are|went|gone))* (?:down|dead)|(?:dead|lost) partitions?",
        "offline partitions",
        "",
    ),
    (
        r"(?:followers?|replicas?)(?: (?:is|are|keep\w*))* (?:dropping|falling|leaving) out of (?:the )?(?:sync|isr)",
        "isr shrinks",
        "",
    ),
    (
        r"(?:is |are |still |not |any |getting |being )*(?:receiv\w*|get(?:s|ting)?|tak(?:es|ing) in|accept\w*)"
        r" (?:any |new |more |enough |the )*(?:messages?|traffic|events|writes|data)|(?:messages?|traffic|events|data)"
        r" (?:are |is |still |not )*(?:arriv\w*|com(?:e|es|ing) in|flow\w*|going in)(?! to)|without (?:any )?(?:traffic"
        r"|messages)",
        "messages in",
        r"topics?|kafka",
    ),
    (
        r"(?:the |job |jobs' |keyed )?state(?:\s+of)?(?:\s+(?:the|job|jobs|flink))*\s+(?:is |are |was |keeps? "
        r"|still |getting"
        r" |has |been |get |gets |always |only )*(?:grow\w*|grew|bigg\w*|larg\w*|shr[iu]nk\w*|explod\w*|bloat\w*"
        r"|swell\w*"
        r"|unbounded|huge|big)|how (?:big|large|huge) (?:is|are|was|did|has) (?:the |its |their |job |jobs )*state"
        r"|big(?:gest)? state",
        "state size",
        "",
    ),
    (
        r"how (?:much|many (?:gb|tb|bytes))(?: (?:space|room|disk|storage|bytes))?(?: (?:is|are|do we have|have we"
        r"|remains?"
        r"|still))* (?:free|left|unused|available|empty)(?! (?:memory|heap|slots?))|(?:out of|short of|low on) space",
        "free disk",
        "",
    ),
    (r"(?:size of (?:the |our )?kafka cluster|kafka cluster size)", "broker count", ""),
    (r"(?:furthest|farthest|most|far|further|way|worst|badly|too far) behind", "consumer lag", _READERS),
    (rf"(?:slowest|laggiest|lagging|slow|trailing) {_READERS}|trail(?:s|ing)", "consumer lag", _READERS),
    (
        r"(?:pending|waiting|queued|unread|outstanding|uncommitted) (?:kafka )?messages|messages (?:that "
        r"|which )?(?:are |is "
        r"|have |been |still |currently |not )*(?:waiting|pending|unread|unprocessed|unconsumed|queued|piling up"
        r"|read yet"
        r"|consumed yet)",
        "consumer lag",
        "",
    ),
    (
        r"(?:event|data|message|record) volume|inflow|influx|incoming (?:events|records)|ingress (?:rate|traffic)",
        "messages in",
        r"kafka|topics?|brokers?|messages?",
    ),
    (
        r"publish\w* latency|p99 (?:for|of) (?:the )?producers?|(?:long|time|slow)\b.{0,20}\bto"
        r" (?:write|publish|produce)(?: (?:in)?to (?:kafka|a topic|the brokers?))?",
        "produce latency",
        r"kafka|publish\w*|produc\w*|brokers?|topics?",
    ),
    (r"brokers? (?:utili[sz]ation|saturation|cpu|busyness)", "request handler idle", ""),
    (r"ram", "memory", r"kafka|brokers?|flink|taskmanagers?|workers?"),
    (
        r"(?:space|room|storage)(?: (?:is|are|left|free|remaining|available|used))* (?:on|for|in|of)"
        r" (?:the |our |all )*(?:kafka )?brokers?|kafka(?:'s)? (?:volumes?|log (?:storage|dirs?|volumes?))",
        "broker disk",
        "",
    ),
    # Flink
    (r"(?:stopped|dead|failed|cancell?ed|crashed) flink jobs?", "job not running", ""),
    (r"congest\w*|push(?:ing|es)? back|clogged|choked|choking", "backpressure", ""),
    (
        r"(?:(?:flink )?tasks?|operators?|subtasks?|slots?|flink) (?:utili[sz]ation|load|saturation)",
        "task busy",
        "",
    ),
    (r"emitted (?:records|events)|(?:records|events) emitted", "records out", ""),
    # ClickHouse
    (r"(?:fail(?:ed|ing)|broken|erroring|aborted) (?:selects?|reads?)", "failed queries", ""),
    (r"lagging replicas?|replicas? lagging", "replication lag", ""),
    (
        r"replica(?:tion)? queues? (?:backlog|depth|length|size)|replication tasks? (?:pending|waiting|queued"
        r"|outstanding)",
        "replication queue",
        "",
    ),
    (r"tables? (?:that )?(?:cannot|can't|can not) be written(?: to)?|write[\s-]protected(?: tables?)?", "readonly", ""),
    (
        r"parts? (?:explosion|explod\w*|(?:build|pil|stack|mount)\w* up|accumulat\w*)|explosion of parts",
        "parts count",
        "",
    ),
    (
        rf"(?:drop|los|refus|reject|bounc|declin|deny|discard)(?:p?ing|ed|es?|s)? {_OUR}{_WRITES}|turn(?:ing|ed|s) away"
        rf" {_OUR}{_WRITES}|{_WRITES} (?:is |are |being |getting |get )*(?:bounc\w*|turned away|discarded)"
        rf"|fail(?:ed|ing) {_WRITES}|lost {_WRITES}|(?:refus|reject)\w* {_OUR}data"
        rf"|not accepting {_OUR}(?:{_WRITES}|data)",
        "rejected inserts",
        _CLICKHOUSE,
    ),
    (
        r"inserts? (?:is |are |being |getting |too |very |so |really )*(?:small|tiny|little)\w*",
        "rows per insert",
        "",
    ),
    (r"coordination (?:service|layer)s?", "keeper", ""),
)
GENERAL: tuple[tuple[str, str, str], ...] = ((r"storage|volumes|hdds?|ssds?|nvmes?", "disk", ""),)
