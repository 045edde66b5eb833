"""Questions in other languages, as far as their common words go: written over in English before they are read.

Only a text with words of one language that English does not have is taken to be in it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

Words = Mapping[str, str]

_GERMAN: Words = {
    r"wie geht es|wie geht's|wie steht es um|wie läuft": "how is",
    r"was ist (?:los|falsch|kaputt)(?: mit| bei| in)?": "what is wrong with",
    r"was (?:ist|war)\b(.*)\b(?:passiert|geschehen|los)": r"what happened \1",
    r"was kannst du(?: alles)?|was kann ich(?: dich)? fragen|hilfe": "what can you do",
    r"wie ?viele?": "how many",
    r"seit wann": "since when",
    r"warum|wieso|weshalb": "why",
    r"welche[rsn]?": "which",
    r"gibt es(?: irgendwelche)?": "are there any",
    r"zeig(?:e|en)?(?: mir)?|liste": "show",
    r"was bedeutet|was heißt": "what does mean",
    r"vergleiche?": "compare",
    r"in den letzten (\d+) stunden|der letzten (\d+) stunden|letzten? (\d+) stunden": r"last \1\2\3 hours",
    r"(?:in den |der )?letzten? (\d+) (?:minuten|min)": r"last \1 minutes",
    r"(?:in der |der )?letzte[nr]? stunde": "last hour",
    r"(?:in den |der )?letzten? (\d+) tage[n]?": r"last \1 days",
    r"letzte[nr]? woche": "last week",
    r"letzte nacht|heute nacht": "last night",
    r"diese[r]? woche": "this week",
    r"heute morgen|heute früh": "this morning",
    r"vorgestern": "day before yesterday",
    r"gestern": "yesterday",
    r"heute": "today",
    r"seit mitternacht": "since midnight",
    r"jetzt|gerade|aktuell": "now",
    r"probleme?|störung(?:en)?|schwierigkeiten": "problems",
    r"fehler": "errors",
    r"anomalien?|auffälligkeiten": "anomalies",
    r"vorfälle|vorfall": "incidents",
    r"warnungen|warnung": "warnings",
    r"kritische[nrs]?|kritisch": "critical",
    r"verzögerung|rückstand": "lag",
    r"speicherplatz|festplatte[n]?": "disk",
    r"speicher": "memory",
    r"verlauf|entwicklung": "trend",
    r"schwellen?werte?|grenzwerte?": "threshold",
    r"voll (?:laufen|werden)|volllaufen": "fill up",
    r"abfragen": "queries",
    r"langsam": "slow",
    r"läuft|funktioniert": "is ok",
    r"zustand": "status",
    r"ist|sind": "is",
    r"und": "and",
    r"mit": "with",
    r"wie": "how",
}
_FRENCH: Words = {
    r"est-ce qu[e'](?: il)?\b|y a-t-il(?: de la| des| du| un| une)?|il y a(?: des| de la| du)?": "are there",
    r"comment (?:va|vont|se porte)": "how is",
    r"va bien|vont bien|fonctionne\w*": "is ok",
    r"(?:qu'est-ce qui|que) (?:s'est passé|s'est-il passé)": "what happened",
    r"qu'est-ce qui ne va pas(?: avec| dans)?": "what is wrong with",
    r"que peux-tu faire|que sais-tu faire|aide(?:-moi)?": "what can you do",
    r"combien d[e']?\s*": "how many ",
    r"depuis quand": "since when",
    r"pourquoi": "why",
    r"montre[rz]?(?:-moi)?|affiche[rz]?": "show",
    r"(?:dans |pendant |durant )?les (\d+) dernières heures": r"last \1 hours",
    r"(?:dans |pendant |durant )?la dernière heure": "last hour",
    r"la semaine dernière": "last week",
    r"cette semaine": "this week",
    r"la nuit dernière|cette nuit": "last night",
    r"ce matin": "this morning",
    r"avant-hier": "day before yesterday",
    r"hier": "yesterday",
    r"aujourd'hui": "today",
    r"depuis minuit": "since midnight",
    r"maintenant|actuellement|en ce moment": "now",
    r"problèmes?|soucis?|pannes?": "problems",
    r"erreurs?": "errors",
    r"alertes?": "alerts",
    r"retard": "lag",
    r"mémoire": "memory",
    r"disques?": "disk",
    r"requêtes lentes": "slow queries",
    r"requêtes": "queries",
    r"état": "status",
    r"seuils?": "threshold",
    r"critiques?": "critical",
    r"avertissements?": "warnings",
    r"dans|de la|du|des|les|le|la": " ",
    r"et": "and",
}
_SPANISH: Words = {
    r"cómo (?:está|están|va|van)|como (?:está|esta)": "how is",
    r"está bien|están bien|funciona\w*": "is ok",
    r"qué (?:pasó|ha pasado|ocurrió|sucedió)": "what happened",
    r"qué (?:pasa|ocurre)(?: con| en)?|qué está mal(?: con| en)?": "what is wrong with",
    r"qué puedes hacer|ayuda": "what can you do",
    r"cuánt[oa]s": "how many",
    r"desde cuándo": "since when",
    r"por qué": "why",
    r"hay": "are there any",
    r"muestra(?:me)?|muéstrame|lista": "show",
    r"(?:en |de )?las últimas (\d+) horas": r"last \1 hours",
    r"(?:en |de )?la última hora": "last hour",
    r"la semana pasada": "last week",
    r"esta semana": "this week",
    r"anoche": "last night",
    r"esta mañana": "this morning",
    r"anteayer": "day before yesterday",
    r"ayer": "yesterday",
    r"hoy": "today",
    r"desde medianoche": "since midnight",
    r"ahora(?: mismo)?|actualmente": "now",
    r"problemas?": "problems",
    r"errores": "errors",
    r"anomalías": "anomalies",
    r"incidentes": "incidents",
    r"alertas?": "alerts",
    r"retraso": "lag",
    r"memoria": "memory",
    r"discos?": "disk",
    r"estado": "status",
    r"umbral(?:es)?": "threshold",
    r"en|el|la|los|las|de|del": " ",
    r"y": "and",
}
_LANGUAGES: tuple[tuple[str, Words], ...] = (
    (
        r"\b(?:wie|ist|sind|gibt|gestern|heute|warum|welche|seit wann|was kannst|letzten|letzte|zeig\w*|und|der|die"
        r"|das|bei"
        r"|hilfe|nicht|wieviele|fehler)\b",
        _GERMAN,
    ),
    (
        r"\b(?:est-ce|y a-t-il|il y a|hier|aujourd'hui|pourquoi|combien|depuis quand|dans|comment va|montre\w*"
        r"|que peux-tu|dernières?"
        r"|problèmes?|qu'est-ce)\b",
        _FRENCH,
    ),
    (r"¿|\b(?:cómo|qué|hay|ayer|hoy|cuánt[oa]s|por qué|desde cuándo|últimas?|muéstrame|está|problemas)\b", _SPANISH),
)
_ENGLISH = re.compile(r"\b(?:the|what|how|is|are|were|show|which|any|please|did|does|of)\b")


def in_english(text: str) -> str:
    """A lower-case text with the common words of German, French and Spanish in English; others stay as they are."""
    if _ENGLISH.search(text):
        return text
    for cue, words in _LANGUAGES:
        if re.search(cue, text):
            return _translated(text, words)
    return text


def _translated(text: str, words: Words) -> str:
    for pattern, english in words.items():
        text = re.sub(rf"(?<![\w-])(?:{pattern})(?![\w-])", english, text)
    return re.sub(r"\s+", " ", text.replace("¿", "").replace("¡", "")).strip()
