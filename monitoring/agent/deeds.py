"""Requests to change something on the platform, told from questions in which the same verbs stand.

A verb alone is no order: "did the broker restart?" asks and "restart rate" names a figure. An order shows in how it is
built: the bare verb at the beginning of a clause with a thing after it, "could you" before it, the thing "to be
deleted", "a restart" that is to be done, a program's command line.
"""

from __future__ import annotations

import re

from rapidfuzz.distance import OSA


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_ALWAYS = _words(
    """
    restart reboot kill terminate delete truncate purge wipe erase rebalance reassign redeploy deploy upgrade downgrade
    acknowledge ack silence mute unmute snooze unsnooze suppress bounce recycle respawn relaunch evict drain undrain
    decommission throttle unthrottle vacuum provision reprovision revoke cancel pause resume disable enable install
    uninstall patch scale rescale reset flush migrate promote demote reload repair fix execute configure reconfigure
    detach escalate optimize optimise rollback resize replay rewind stop abort suspend halt destroy nuke unblock
    disconnect relocate rebuild recreate reindex repartition revert undo dismiss unsubscribe quarantine isolate
    blacklist whitelist unmount defragment reinstall resync failover
    """
)
"""Verbs whose object is a thing of the platform, whatever it is called."""
_OF_THINGS = _words(
    """
    drop remove set change alter modify create insert update start trigger increase decrease raise lower move elect tune
    adjust bump double halve expand shrink trim prune archive compact restore run grant clear resolve close add
    attach send empty shutdown solve block rename reconnect clean compress launch spawn start boot apply assign
    unassign schedule reschedule retry rotate renew lock unlock register unregister copy export upload
    backup ban allow allocate import force fence redirect reroute write post commit edit override unload load
    approve rerun retune recover tweak implement reenable
    """
)
"""Verbs that are also used of what is asked or shown: an order only before a thing that can be acted on."""
_PARTICLES = (
    r"shut\s*down|roll\s*back|fail\s*over|back\s*up|free up|clean up|get rid of|spin (?:up|down)|kick(?: off| out)?"
    r"|scale (?:up|down|out|in)|turn (?:on|off)|switch (?:on|off|over)|take down|bring (?:down|back)|power (?:off|on)"
    r"|shut (?:off|up)|put back|speed up|ramp (?:up|down)|crank up|dial (?:up|down)|turn (?:up|down)|cut (?:back"
    r"|down)|kick|ssh (?:into|to)|log (?:in|on)to"
)


def _base(words: frozenset[str]) -> str:
    return "|".join(sorted(words, key=len, reverse=True))


def _stems(word: str) -> tuple[str, str]:
    """The verb before "-ed" and "-ing": "delete" is "delet", "stop" is "stopp"."""
    if word.endswith("e"):
        return word[:-1], word[:-1]
    doubled = re.fullmatch(r"[^aeiou]*[aeiou][bgmnpt]", word) or word in ("reset", "cancel")
    return (f"{word}{word[-1]}?" if doubled else word,) * 2


_IRREGULAR = {
    "set": "set", "reset": "reset", "send": "sent", "run": "run", "shutdown": "shut down", "freeze": "frozen",
}  # fmt: skip
_VERBS = _ALWAYS | _OF_THINGS
_DONE = "|".join(sorted(_IRREGULAR.get(word, f"{_stems(word)[0]}ed") for word in _VERBS))
_DOING = "|".join(sorted(f"{_stems(word)[1]}ing" for word in _VERBS))
_ANY_VERB = rf"{_PARTICLES}|{_base(_VERBS)}"
_NOUN = (
    r"restart|reboot|re-?balance|roll\s?back|reset|shut\s?down|fail\s?over|savepoint|redeploy(?:ment)?|deployment"
    r"|upgrade"
    r"|downgrade|restore|back\s?up|compaction|clean\s?up|purge|(?:heap|thread) dump|election|scale[\s-]?(?:up|down|out)"
)

_NO_OBJECT = (
    r"(?:the world|of|in|at|on|for|since|from|to|with|by|than|per|and|or|but|is|are|was|were|has|have|had|did|do"
    r"|does|will|times?"
    r"|loops?|rates?|counts?|trends?|histor\w+|frequency|mutations?|window|reasons?|causes?|requests?|attempts?|factor"
    r"|number|last|past|today|yesterday|tonight|this (?:morning|week|afternoon)|again|after|before|during|when|why"
    r"|how|what"
    r"|which|who|until|per|ratio|level|status|failures?|events?|storms?|procedures?|policy|policies|plans?)\b"
)
_NAME = r"[\w-]*\d[\w./-]*|\w+[-/][\w./-]+|\w+_\w+"
_KIND = (
    r"things?|tables?|databases?|partitions?|topics?|brokers?|jobs?|tasks?|task\s*managers?|nodes?|servers?|hosts?"
    r"|replicas?"
    r"|clusters?|kafka|flink|clickhouse|ch|alert(?:s|ing)?|alarms?|anomal(?:y|ies)|incidents?|warnings?|sql|commands?"
    r"|quer(?:y|ies)|data|monitoring|detection|groups?|consumers?|producers?|offsets?|disks?|heap|memory|space|slots?"
    r"|threads?|parallelism|thresholds?|limits?|retention|configuration|config|settings?|value|timeouts?|intervals?"
    r"|checkpoint\w*|savepoints?|leaders?|controllers?|queues?|rows?|users?|metrics?|rules?|notifications?|tickets?"
    r"|caches?"
    r"|parts?|merges?|mutations?|connections?|sessions?|messages?|records|e-?mails?|pods?|containers?|services?|cpus?"
    r"|instances?|state|maintenance|scripts?|process(?:es)?|everything|leadership|workers?|resources?|sinks?|sources?"
    r"|operators?|mode|fix|patch|change|code|index(?:es)?|files?|logs?|log level|level|firewall|ports?|versions?"
    r"|permissions?|access|rights|backlog|lag|load|traffic|runbook"
    r"|schema|columns?|sensitivity|segments?|backups?|snapshots?|jira|bug|it|them"
)
_THING = (
    rf"(?:(?:down|up|off|on)\s+)?(?:(?:{_NAME}|{_KIND})\b"
    r"|(?:(?:the|all|my|our|your|this|that|these|those|an?|any|every|each|both|another|one|two|three|some|more"
    r"|new)\s+)+"
    rf"(?:[a-z'-]+\s+){{0,3}}(?:{_NAME}|{_KIND})\b)"
)
_FOR_SHOW = (
    r"(?!(?:run|execute|start|trigger|set up)\s+(?:an?\s+|the\s+|me\s+)?(?:[\w-]+\s+){0,2}(?:checks?|check-?up|report"
    r"|overview|summary|comparison|analysis|diagnos\w+|forecast|query for me|look|trend)\b)"
    r"(?!(?:send|update|run|add|start|drop|set|close|clear|move)\s+(?:me|us|through|by|with|it by|over (?:the"
    r"|a) (?:list"
    r"|report|numbers))\b)"
    r"(?!(?:set|put|hold|place|line)\b.{1,90}\b(?:against|beside|next to|side by side|alongside|apart|in relation)\b)"
    r"(?!\w+\b.{1,60}\b(?:from|to|in|into|out of|on)\s+(?:it\b|(?:the|that|this|your)\s+(?:list|picture|comparison"
    r"|view|report"
    r"|answer|chart|graph|overview|summary|plot)\b))"
)
_FILLERS = (
    r"(?:(?:please|pls|plz|now|then|also|just|only|ok|okay|hey|hi|hello|and|so|but|well|sorry|simply|kindly|quickly"
    r"|maybe"
    r"|dan|guys|team|bot|next|first|immediately|right now|sudo|be so (?:kind|good)(?: and| as to)?|go ahead(?: and| n)?"
    r"|go and|let'?s|let us|you(?: (?:must|shall|should|can|may|will|have to|need to))?|make sure (?:to|you)"
    r"|feel free to"
    r"|be so kind to|time to|help (?:me|us)(?: to)?|try (?:to|and)|i order you to|you are (?:allowed|free) to)[\s,:]+)*"
)
_OBJECT = rf"(?=(?:{_base(_ALWAYS)}|{_PARTICLES})\s+(?!{_NO_OBJECT})\S|(?:{_ANY_VERB})\s+(?!{_NO_OBJECT}){_THING})"
_ORDER = re.compile(
    rf"^\W*{_FILLERS}{_FOR_SHOW}(?:{_OBJECT}(?P<verb>{_ANY_VERB})\b"
    # "Turn broker-3 off", "take ch-1 out of the load balancer"
    r"|(?:(?:turn|switch|power)\s+(?:[\w./-]+\s+){1,5}(?:off|on|down)|(?:take|bring|shut|scale|put"
    r"|spin)\s+(?:[\w./-]+\s+)"
    r"{1,5}(?:down|out|offline|online|quiet|silent|back|up))\b(?!\s+(?:(?:to|for|over) the (?:last|past)"
    r"|of (?:the )?(?:list|picture|comparison|view|report)))"
    r"|put\s+.{1,40}\b(?:in|into|on|to)\s+(?:maintenance|standby|read-?only|quarantine|safe|hold|ignore|the ignore)\b"
    r"|(?:give|allocate|assign)\s+(?!me\b|us\b)(?:[\w./-]+\s+){1,5}?(?:more|another|additional|extra|less|double|\d+)\b"
    r"|(?:open|create|file|raise|log|write)\s+(?:me\s+)?an?\s+(?:new\s+|jira\s+)?(?:ticket|jira|bug|issue)\b"
    r"|(?:don't|do not|never|no longer|stop)\s+(?:page|paging|alert|alerting|wak(?:e|ing)|call|calling|notify"
    r"|notifying|send"
    r"|sending)\b|no more (?:pages|alerts|alarms|notifications|e-?mails|warnings)\b(?=.*\b(?:please|pls|for|about"
    r"|from)\b)"
    r"|(?:exclude|include|leave|omit|hide)\s.{2,60}\b(?:from|in|out of) (?:the )?(?:[\w-]+ )?(?:detection|monitoring"
    r"|alerting|watch\s?list)\b"
    r"|mark\s.{1,60}\bas (?:an? )?(?:false|resolved|done|acknowledged|fixed|known|solved|closed|read|ignored)"
    r"|mark as\b"
    r"|(?:have|get)\s+(?!(?:any|there|you|we|i|been)\b)(?:[\w./-]+\s+){1,4}(?:deleted|removed|killed|purged|silenced"
    r"|muted"
    r"|(?:re)?scaled|disabled|enabled|rebooted|upgraded|bounced|deployed|restarted(?!\?))\b(?![^?]*\?)"
    r"|(?:make|let(?! me\b| us\b))\s+(?:[\w./-]+\s+){1,6}?(?:restart|reboot|stop|shut up|(?:be )?(?:quiet|silent)"
    r"|bigger|larger|smaller)\b"
    rf"|(?:do|make|perform|initiate|take|force|kick off|trigger|schedule|plan|run|start|need"
    rf"|give [\w./-]+)\s+(?:(?:an?|the|some)\s+)?(?:\w+\s+){{0,2}}(?:{_NOUN})\b"
    r"(?!\s+(?:rates?|counts?|loops?|times?))"
    rf"|(?:start|begin|proceed|try|continue|go on)\s+(?:(?:with|by)\s+)?(?:(?:{_DOING})\s+(?!{_NO_OBJECT})\S|(?:the"
    rf"|an?)\s+(?:\w+\s+)?(?:{_NOUN})\b)"
    r"|(?:kubectl|docker|systemctl|helm|ansible\w*|ssh|rm|chmod|kafka-(?!\d)[a-z-]+|clickhouse-client"
    r"|zookeeper-shell\w*"
    r"|flink\s+(?:cancel|run|savepoint|stop))\s+\S)"
)
"""A clause that begins with what is to be done."""
_THINGS_FIRST = re.compile(
    rf"(?:^|\b(?:a|the|another)\s+|\s)(?:{_NOUN}|kill|stop|drop|delete)\s*(?:now|please|pls|plz|asap|immediately"
    rf"|right away"
    r"|at once)\W*$"
    rf"|^\W*(?:an?\s+)?(?:rolling |full |clean |hard |quick |controlled )?(?:{_NOUN})\s+(?:of|for|on)\b.*\b(?:now"
    rf"|please|pls|plz"
    r"|asap|immediately|right away)\W*$"
)
""" "payments-agg restart now"."""
_POLITELY = (
    r"(?:(?:can|could|will|would|won't|can't|couldn't)\s+(?:you|u|ya|(?:someone|somebody|anyone"
    r"|one of you))(?!\s+(?:close|resolve|clear|relax))"
    r"|(?:would|will|is|could)\s+it\s+be\s+(?:possible|ok(?:ay)?|alright)\s+(?:that\s+you|for\s+you|if\s+you)"
    r"|(?:any|a|some) chance (?:that )?(?:you|u) (?:can|could|might|would)|you (?:could|might|can) (?:please|kindly"
    r"|just)"
    r"|you\s+(?:should|must|have to|need to|ought to|better)|why don't you"
    r"|is it possible (?:for you to|that you|to)|are you able to"
    r"|(?:i|we)(?:'d| would)?\s+(?:want|need|like|love|prefer|expect|order|ask|beg|command|told)\s+(?:you|u)\s+to"
    r"|(?:says?|said|told (?:me|you|us)|asked (?:me|you|us)|wants? (?:me|you|us))\s+to(?=.*\b(?:so|please"
    r"|just)\s+do\b))"
    r"\s+(?:(?:please|pls|to|quickly|just|maybe|kindly|also|perhaps|now|then|possibly|all|at once|go(?: ahead)? and"
    r"|real quick)\s+)*"
)
_ASKED = re.compile(rf"\b{_POLITELY}")
_WONDERING = re.compile(r"\b(?:what|which|how|why|where|when|who|whether|if|should)\b[^,;.?]*$|\bif\s*$")
""" "How would you fix this lag?" asks for advice."""
_MIND = re.compile(rf"\b(?:would|do) you mind\s+(?:{_DOING}|turning \S+ o(?:ff|n)|doing an? (?:{_NOUN}))\b")
_MIND_SHOW = re.compile(r"\bmind (?:setting|running|adding|updating|moving|sending|closing)\b")
_WISHED = re.compile(
    r"\b(?:i|we)(?:'d| would)?\s+(?:need|want|like)\s+(?:(?!(?:to|know|see|when|why|how|what|which|who|that|moment|time"
    r"|list|number|if)\b)[\w./-]+\s+){1,4}(?:to be\s+)?"
    rf"(?:{_DONE})\b(?=\W*$|\s*[,.;!?]|\s+(?:now|please|pls|asap|today|again|at|by|to|for|up|down|off|before"
    rf"|immediately)\b)"
)
_PASSIVE = re.compile(
    rf"\b(?:can|could|would|will)\b.{{2,60}}\b(?:be|get)\s+(?:(?:{_DONE})\b.*\b(?:by you|please|pls|for me)\b"
    r"|(?:deleted|removed|restarted|silenced|muted|killed|(?:re)?scaled|paused|stopped|rebooted|disabled|enabled)\b"
    r"(?!.*\b(?:by|without|safely)\b))"
)
_HAD_DONE = re.compile(rf"\b(?:can|could|may)\s+(?:i|we|you)\s+(?:have|get)\s+(?:[\w./-]+\s+){{1,6}}(?:{_DONE})\b")
_COMMAND_LINE = re.compile(r"(?:^|\s)--(?:delete|alter|execute|reset-offsets|create|force)\b")
_ASKING = re.compile(
    r"^\W*(?:(?:so|and|but|ok|okay|well|then|hey|hi)[\s,]+)*(?:what|what's|which|who|whose|where|when|why|how|how's"
    r"|is|are|was"
    r"|were|do|does|did|has|should|may|might|am|since when|isn't|aren't|didn't|"
    r"(?:can|could|would|will)\s+(?!you\b|u\b|ya\b|we\b|someone|somebody|anyone))\b"
)
_CLAUSE = re.compile(r"[,;:!.>\n]+\s+|[,;:!.>]+$|\s[-–—]+\s|\s+(?:and|so|then|but|n)\s+")

_ME = r"(?:me|us|him|her|them|everyone|everybody|the \w+|my \w+|our \w+)"
_SHOWN = r"(?!\s+(?:of|what|which|how|why|about|who|where|again what)\b)"
_TOLD_LATER = re.compile(
    rf"^\W*{_FILLERS}(?:(?:can|could|would|will|i (?:want|need) you to|should) (?:you )?(?:please )?)?(?:to )?(?:"
    rf"(?:e-?mail|page|notify|ping|wake|alert|message|text|sms|warn|slack)\s+{_ME}\b{_SHOWN}"
    rf"|(?:call|remind)\s+{_ME}\s+(?:when|if|once|as soon as|whenever|at|in|to|every|tomorrow|the moment)\b"
    rf"|(?:send|write|drop)\s+(?:{_ME}\s+)?(?:an?|the)\s+(?:e-?mail|mail|sms|alert|page|notification|slack|pager"
    rf"|text)\b"
    rf"|send\b.{{2,60}}\bto (?:everyone|everybody|the team|my boss|slack|the channel)\b"
    rf"|(?:tell|inform|let)\s+{_ME}\b(?:\s+know)?\s+(?:as soon as|once|the moment|whenever)\s.*\b(?:is|are|goes|gets"
    rf"|happens"
    r"|breaks|recovers|changes|drops|falls|exceeds|reaches|ends|stops|comes|fails)\b"
    r"|(?:tell|inform|let)\s+(?:me|us)\b(?:\s+know)?\s+when\s+(?:\S+\s+){1,6}?(?:(?:is|are)\s+(?:\w+\s+)?(?:again"
    r"|back|over"
    r"|done|finished|ok|okay|fine|normal|stable)\b|recovers|changes\b|is over|happens\b))"
)
"""Nobody is written to, now or later: "ping me when it is over"."""


def order_in(sentence: str) -> str:
    """The words of a lower-case sentence that ask for a deed; empty where it asks for none."""
    sentence = own_view(re.sub(r"\b(re|un)-(?=[a-z]{3})", r"\1", sentence))
    later = _TOLD_LATER.search(sentence)
    if later:
        return later[0].strip()
    found = next((match for pattern in _BY_FORM if (match := pattern.search(sentence))), None)
    if found is not None and not _MIND_SHOW.search(found[0]):
        return found[0].strip()
    for asked in _ASKED.finditer(sentence):
        found = _ORDER.match(sentence[asked.end() :])
        if found and not _WONDERING.search(sentence[: asked.start()]):
            return found[0].strip()
    asking = _ASKING.match(sentence) is not None
    if not asking and _THINGS_FIRST.search(sentence):
        return sentence
    considered = sentence.rstrip().endswith("?") and not re.search(r"\b(?:please|pls|plz)\b", sentence)
    starts = [] if asking or considered else [0, *(match.end() for match in _CLAUSE.finditer(sentence))]
    orders = (_ORDER.match(_respelt(sentence[start:])) for start in starts)
    return next((found[0].strip() for found in orders if found), "")


_BY_FORM = (_MIND, _WISHED, _PASSIVE, _HAD_DONE, _COMMAND_LINE)


def verb_of(order: str) -> str:
    """The verb of an order, for the answer that refuses it; empty where it has none that is known."""
    match = re.search(rf"\b(?:{_ANY_VERB}|{_NOUN})\b", order)
    return match[0] if match else ""


def _slipped(written: str, verb: str) -> bool:
    """Letters that changed places, or a slip of one letter in a word long enough to be no other."""
    return OSA.distance(written, verb) == 1 and (len(verb) > 7 or sorted(written) == sorted(verb))


def _respelt(clause: str) -> str:
    """A first word that is nearly one of the longer verbs, put right: "restrat"."""
    match = re.match(rf"^\W*{_FILLERS}([a-z]{{6,}})\b", clause)
    if match is None or match[1] in _VERBS or match[1].endswith(("s", "ed", "ing")):
        return clause
    near = [verb for verb in sorted(_ALWAYS) if _slipped(match[1], verb)]
    return f"{clause[: match.start(1)]}{near[0]}{clause[match.end(1) :]}" if near else clause


_VIEW = (
    r"(?:(?:it|that|this)\s+(?:back\s+)?(?:to|over)\s+(?!.*\b(?:replicas?|partitions|slots|[gmt]i?b|nodes|percent"
    r"|messages)\b)"
    r"|(?:it|that|this|the (?:view|report|chart|graph|list|table))\s+(?:back\s+)?(?:to|by|over|until|till|from|for"
    r"|up to)\s+(?:cover\s+|include\s+|span\s+)?(?:the\s+|an?\s+|only\s+)?(?:last|past|previous|yesterday|today|this"
    r"|since|between|side\b"
    r"|\d+\s*(?:m|h|d|min\w*|hours?|days?|weeks?)\b|hours?|days?|weeks?|one|two|three|four|five|six|eight|ten"
    r"|twelve|kafka|flink"
    r"|clickhouse|critical\w*|warnings?|mon|tue|wed|thu|fri|sat|sun)"
    r"|(?:the|that|this|my)\s+(?:time\s+)?(?:window|range|frame|period|filter|question|view|scope|comparison|ranking"
    r"|list|limit"
    r"|selection|grouping)\b|(?:it|that|this|them|these|those)\s+(?:side by side|beside|next to|against|alongside"
    r"|together)\b"
    r"|(?:the\s+)?(?:warnings?|criticals?)\b(?!\s+(?:threshold|level|alert|limit|rule))"
    r"|(?:kafka|flink|clickhouse)(?:\s+(?:to|from|in) (?:it|that|this|the (?:list|comparison|view|picture))\b"
    r"|\s+(?:too|as well|again)\W*$))"
)
_SETS_VIEW = re.compile(
    r"\b(?:change|set|switch|move|shift|extend|expand|reset|shrink|adjust|alter|modify|increase|trim)\s+"
    rf"(?={_VIEW})"
)
_OWN_VIEW = re.compile(rf"\b(?:double|halve|triple|add|remove|drop)\s+{_VIEW}|\badd (?:kafka|flink|clickhouse)\W*$")
"""What is changed is only what is looked at: "change the window to 3 hours", "add the warnings"."""


def on_view(sentence: str) -> str:
    """The sentence with what it wants changed of the view said without an order: "make it the last 3 hours"."""
    return _SETS_VIEW.sub("make ", sentence)


def own_view(sentence: str) -> str:
    """The sentence without what it wants changed of the view."""
    return _OWN_VIEW.sub(" ", on_view(sentence))
