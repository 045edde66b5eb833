"""The agent's four tools: fixed questions to the database, each with an answer that says what was looked at.

Read `current.py`, `summary.py`, `trend.py` and `cross.py`; `asking.py` holds what they share.
"""
